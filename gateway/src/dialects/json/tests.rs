use super::*;
use proptest::prelude::*;
use std::time::{Duration, Instant};

#[track_caller]
fn check(text: &str, expected: Result<(), (Problem, Option<&str>)>) {
    let got = parse(text).map(|_| ()).map_err(|e| (e.problem, e.member));
    assert_eq!(got, expected.map_err(|(p, m)| (p, m.map(str::to_owned))), "{text:?}");
}

#[test]
fn what_is_not_json_is_refused_with_the_member_named() {
    use Problem::*;
    for text in ["0", "-0.5e+3", "\"\\ud83d\\ude00\"", "[]", "{}", " [ 1 , {} ] ", "null"] {
        check(text, Ok(()));
    }
    check("", Err((Syntax, None)));
    check("{", Err((Syntax, None)));
    check("01", Err((TrailingBytes, None)));
    check("1.", Err((Syntax, None)));
    check("nul", Err((Syntax, None)));
    check("NaN", Err((Syntax, None)));
    check("{'a':1}", Err((Syntax, None)));
    check(r#"{"a":1,}"#, Err((Syntax, Some("a"))));
    check(r#"{"a":[1,]}"#, Err((Syntax, Some("a"))));
    check(r#"{"a":[1}}"#, Err((Syntax, Some("a"))));
    check(r#"{"a":1} {"#, Err((TrailingBytes, Some("a"))));
    check("{\"a\":\"line\nbreak\"}", Err((Syntax, Some("a"))));
    check(r#"{"a":{},"b":"\ud800"}"#, Err((LoneSurrogate, Some("b"))));
    check(r#"{"b":"\ud800\ud800"}"#, Err((LoneSurrogate, Some("b"))));
    check(r#"{"b":["\udc00"]}"#, Err((LoneSurrogate, Some("b"))));
    check(r#"{"b":"\u12g4"}"#, Err((Syntax, Some("b"))));
}

#[test]
fn nesting_is_taken_at_the_limit_and_refused_one_past_it() {
    let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    check(&nested(32), Ok(()));
    check(&nested(33), Err((Problem::TooDeep, None)));
    check(&format!(r#"{{"data":{}}}"#, nested(31)), Ok(()));
    check(&format!(r#"{{"data":{}}}"#, nested(32)), Err((Problem::TooDeep, Some("data"))));
}

#[test]
fn a_hundred_thousand_brackets_cost_under_a_millisecond() {
    let hostile = format!(r#"{{"event":"x","data":{}"#, "[".repeat(100_000));
    let started = Instant::now();
    check(&hostile, Err((Problem::TooDeep, Some("data"))));
    assert!(started.elapsed() < Duration::from_millis(1));
}

#[test]
fn members_are_picked_once_and_null_is_absent() {
    let value = parse(r#" { "a" : "x" , "\u0062":[1,2], "c":null, "d":{"a":2} } "#).unwrap();
    let [a, b, c, e] = value.pick(["a", "b", "c", "e"]).unwrap();
    assert_eq!(a.and_then(Value::as_str).as_deref(), Some("x"));
    assert_eq!(b.map(Value::as_text), Some("[1,2]"));
    assert_eq!((c, e), (None, None));
    let twice = parse(r#"{"a":1,"\u0061":2}"#).unwrap();
    assert_eq!(twice.pick(["a"]), Err(BadMember::Twice("a".into())));
    let unknown = parse(r#"{"x":1,"a":1,"x":2}"#).unwrap();
    assert_eq!(unknown.pick(["a"]), Err(BadMember::Twice("x".into())));
    let many = |n: usize| {
        let members: Vec<_> = (0..n).map(|i| format!("\"m{i}\":0")).collect();
        let text = format!("{{{}}}", members.join(","));
        parse(&text).unwrap().pick(["a"]).map(|_| ())
    };
    assert_eq!(many(64), Ok(()));
    assert_eq!(many(65), Err(BadMember::TooMany));
}

#[test]
fn compacting_touches_nothing_but_blanks() {
    for (text, expected) in [
        (
            "{ \"a\" : [ 1.0 , 2e5 ],\n \"b c\" : \" x \\\" y \" }",
            r#"{"a":[1.0,2e5],"b c":" x \" y "}"#,
        ),
        ("12345678901234567890.10", "12345678901234567890.10"),
        ("{}", "{}"),
    ] {
        assert_eq!(parse(text).unwrap().compact(), expected);
    }
    let untouched = parse(r#"{"a":" b "}"#).unwrap();
    assert!(matches!(untouched.compact(), Cow::Borrowed(_)));
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::hash_map(any::<String>(), inner, 0..5)
                .prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn reading_in_place_equals_reading_into_a_tree(tree in json(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&tree) } else { serde_json::to_string(&tree) }.unwrap();
        let value = parse(&text).unwrap();
        prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&value.compact()).unwrap(), &tree);
        if let serde_json::Value::Object(members) = &tree {
            let read: Vec<_> = value.members().collect();
            prop_assert_eq!(read.len(), members.len());
            for (name, member) in read {
                let inner: serde_json::Value = serde_json::from_str(member.as_text()).unwrap();
                prop_assert_eq!(&inner, &members[name.as_ref()]);
                let decoded = member.as_str();
                prop_assert_eq!(decoded.as_deref(), inner.as_str());
            }
        }
    }

    /// A byte knocked out, doubled or replaced: both readers agree on what is left.
    #[test]
    fn broken_texts_are_judged_as_by_the_reference(tree in json(), at: prop::sample::Index, with in "[ \\[\\]{}\",:0-9.eE+tfn\\\\u-]{0,2}") {
        let mut text = serde_json::to_string(&tree).unwrap();
        let at = at.index(text.len() + 1);
        prop_assume!(text.is_char_boundary(at));
        let end = (at + 1..=text.len()).find(|n| text.is_char_boundary(*n)).unwrap_or(at);
        text.replace_range(at..end, &with);
        let reference = serde_json::from_str::<serde_json::Value>(&text);
        match (parse(&text), reference) {
            // The reference refuses numbers beyond f64; to us they are text.
            (Ok(_), Err(e)) => prop_assert!(e.to_string().contains("number out of range"), "{text}"),
            (Err(e), Ok(_)) => prop_assert!(e.problem == Problem::TooDeep, "{text}"),
            _ => {}
        }
    }

    #[test]
    fn any_text_survives_escaping(text in any::<String>()) {
        let mut out = String::from("\"");
        push_escaped(&mut out, &text);
        out.push('"');
        prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
    }
}
