//! Source: spec/pusher.md §15.

use super::*;
use crate::admission::{KeyRef, Rule, Why, failures::FailureTable};
use crate::directory::SigningKey;
use md5::{Digest, Md5};

const EVENT: &str =
    r#"{"name":"message.created","channels":["private-room.42"],"data":"{\"body\":\"hello\"}"}"#;
const USUAL: &str = "auth_key=vk_demo_7d3c1f0a&auth_timestamp=1760000000&auth_version=1.0";

/// Method, path, query beside the usual parameters, body, signature.
const VECTORS: [(&str, &str, &str, &str, &str); 11] = [
    (
        "POST",
        "/apps/100042/events",
        "body_md5=e11822ecb98eb1cb4e3c95937a2dd343",
        EVENT,
        "f20cc2b974e3b93849267e27c5b9213cf2335081cfe65b7efe3b85ba35f61269",
    ),
    (
        "POST",
        "/apps/vk_demo_7d3c1f0a/events",
        "body_md5=e11822ecb98eb1cb4e3c95937a2dd343",
        EVENT,
        "aec01f4c24d03d12e012c7acb666cd04dc9bccf9c3f13163827cee00326985c2",
    ),
    (
        "GET",
        "/apps/100042/channels",
        "filter_by_prefix=presence-&info=user_count",
        "",
        "342d540687e4eee08fbed853b49ec64043e55abc7d27e92e38a219656622c994",
    ),
    (
        "GET",
        "/apps/100042/channels",
        "filter_by_prefix=presence-&info=user_count&body_md5=d41d8cd98f00b204e9800998ecf8427e",
        "",
        "804765c49fc9dca964cc55a65bb71a568d328d9281ce9d406df8af6f7204f86f",
    ),
    (
        "GET",
        "/apps/100042/channels/presence-room.1",
        "info=user_count,subscription_count",
        "",
        "86e61c6807f42f273a0c55b659dbe2b28e624c6d75c8a493eacf6edff3203cb5",
    ),
    (
        "GET",
        "/apps/100042/channels/presence-room.1",
        "info=user_count%2Csubscription_count",
        "",
        "86e61c6807f42f273a0c55b659dbe2b28e624c6d75c8a493eacf6edff3203cb5",
    ),
    (
        "GET",
        "/apps/100042/channels/presence-room.1/users",
        "",
        "",
        "fe88d2d8c9c71fd5990dfcf11f978318b780c10aca25212077596077be7844fd",
    ),
    (
        "POST",
        "/apps/100042/users/user-123/terminate_connections",
        "body_md5=99914b932bd37a50b983c5e7c90ae93b",
        "{}",
        "ab0a5f1eacfeff060649ee401cc73ff0fccb517d9634bdc54826b870b739d109",
    ),
    (
        "POST",
        "/users/user-123/terminate_connections",
        "body_md5=99914b932bd37a50b983c5e7c90ae93b",
        "{}",
        "4436a9a2120c58d2d1f1f547b68afb990fef7c2d37f6d575faa230668faf2e0a",
    ),
    (
        "GET",
        "/apps/100042/channels",
        "info[]=subscription_count&info[]=user_count",
        "",
        "af7c7777af82ed503f1702c59188d7b3e27be7078f4f6f8ab33405421ecd6530",
    ),
    (
        "GET",
        "/apps/100042/channels",
        "info%5B0%5D=subscription_count&info%5B1%5D=user_count",
        "",
        "0218226207037d0ed8f40a919040da8fb0a7727fdf15788eafaa097ed84a3e1e",
    ),
];

fn joined(parts: &[&str]) -> String {
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("&")
}

fn admit(directory: &Directory, method: &str, target: &str, body: &str) -> Result<KeyRef, Refusal> {
    let pending = ask(directory, method, target, None)?;
    pending.admit(body.as_bytes()).map(|admitted| admitted.key)
}

#[test]
fn the_sheets_signatures_are_accepted_and_one_flipped_bit_is_not() {
    let directory = given_directory();
    for (method, path, query, body, signature) in VECTORS {
        let target = |signature: &str| {
            let signed = format!("auth_signature={signature}");
            format!("{path}?{}", joined(&[USUAL, &signed, query]))
        };
        let key = admit(&directory, method, &target(signature), body);
        assert_eq!(key, Ok(KeyRef::App(KEY.parse().unwrap())), "{method} {path}?{query}");
        let mut bytes = hex::decode(signature).unwrap();
        for at in [0, 17, 31] {
            bytes[at] ^= 1;
            let flipped = target(&hex::encode(&bytes));
            let refusal = admit(&directory, method, &flipped, body).expect_err(&flipped);
            assert_eq!(refusal.status() / 100, 4, "{refusal:?}");
            bytes[at] ^= 1;
        }
    }
}

#[test]
fn the_published_sample_is_accepted() {
    let directory = Directory::new(master());
    given_app(&directory, app_record("3", &[("278d425bdf160c739803", "7ad3773142a6692b25b8")]));
    let view = RequestView {
        method: "POST",
        path: "/apps/3/events",
        query: "auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0&\
                body_md5=ec365a775a4cd0599faeb73354201b6f&auth_signature=\
                da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c",
        ..RequestView::default()
    };
    let body = br#"{"name":"foo","channels":["project-3"],"data":"{\"some\":\"data\"}"}"#;
    let pending = http_credential(&directory, view, 1_353_088_179_000).expect("signed");
    assert!(pending.admit(body).is_ok());
}

/// A request signed over `text` by the sheet's app, sent as `path` and `query`.
fn signed(path: &str, query: &str, text: &str) -> Result<(), Refusal> {
    let signature = hex::encode(SigningKey::new(SECRET).sign(&[text.as_bytes()]));
    let target =
        format!("{path}?{}", joined(&[USUAL, query, &format!("auth_signature={signature}")]));
    ask(&given_directory(), "GET", &target, None).map(drop)
}

#[test]
fn every_reading_of_escapes_and_paths_is_tried() {
    let path = "/apps/100042/channels";
    for (what, sent_path, sent, text_path, text) in [
        ("blank as plus", path, "q=a+b", path, "q=a b"),
        ("plus as plus", path, "q=a+b", path, "q=a+b"),
        ("raw escapes", path, "q=a%2Cb", path, "q=a%2Cb"),
        ("plus escaped", path, "q=a%2Bb+c", path, "q=a+b c"),
        ("upper-case key", path, "Q=1", path, "q=1"),
        ("decoded path", "/apps/100042/channels/a%40b", "", "/apps/100042/channels/a@b", ""),
        ("raw path", "/apps/100042/channels/a%40b", "", "/apps/100042/channels/a%40b", ""),
    ] {
        let text = format!("GET\n{text_path}\n{}", joined(&[USUAL, text]));
        assert_eq!(signed(sent_path, sent, &text), Ok(()), "{what}");
    }
    let other = format!("GET\n/apps/100042/events\n{USUAL}");
    assert_eq!(signed(path, "", &other).map_err(|r| r.status()), Err(401), "another path");
}

#[test]
fn a_mount_prefix_may_be_signed_or_not() {
    let directory = given_directory();
    for signed_path in ["/rt/apps/100042/channels", "/apps/100042/channels"] {
        let text = format!("GET\n{signed_path}\n{USUAL}");
        let signature = hex::encode(SigningKey::new(SECRET).sign(&[text.as_bytes()]));
        let query = format!("{USUAL}&auth_signature={signature}");
        let path = "/rt/apps/100042/channels";
        let view =
            RequestView { method: "GET", path, query: &query, mount: "/rt", ..Default::default() };
        let admitted = http_credential(&directory, view, NOW_S * 1_000);
        assert!(admitted.is_ok(), "{signed_path}: {admitted:?}");
    }
}

#[test]
fn clocks_may_be_ten_minutes_off() {
    let directory = given_directory();
    for (now, fits) in
        [(NOW_S - 601, false), (NOW_S - 600, true), (NOW_S + 600, true), (NOW_S + 601, false)]
    {
        let (method, path, query, _, signature) = VECTORS[2];
        let query = joined(&[USUAL, query, &format!("auth_signature={signature}")]);
        let view = RequestView { method, path, query: &query, ..RequestView::default() };
        let answer = http_credential(&directory, view, now * 1_000).map(drop);
        let expected = if fits { Ok(()) } else { Err(Refusal::Unauthorised(Why::Timestamp)) };
        assert_eq!(answer, expected, "{now}");
    }
}

#[test]
fn parameters_have_one_form_each() {
    let signature = VECTORS[6].4;
    let path = VECTORS[6].1;
    let bad = |name| Err(Refusal::Unauthorised(Why::Parameter(name)));
    let upper = signature.to_uppercase();
    for (query, expected) in [
        (format!("{USUAL}&auth_signature={signature}"), Ok(())),
        (format!("{USUAL}&auth_signature={upper}"), bad("auth_signature")),
        (format!("{USUAL}&auth_signature={}", &signature[1..]), bad("auth_signature")),
        (format!("{USUAL}&auth_signature={signature}0"), bad("auth_signature")),
        (USUAL.to_owned(), bad("auth_signature")),
        (format!("{USUAL}&{USUAL}"), bad("auth_key")),
        (format!("auth_key=&auth_signature={signature}"), bad("auth_key")),
        (format!("auth_key=k&auth_signature={signature}"), bad("auth_timestamp")),
        (format!("auth_key=k&auth_timestamp=-1&auth_signature={signature}"), bad("auth_timestamp")),
        (
            format!("auth_key=k&auth_timestamp=1e9&auth_signature={signature}"),
            bad("auth_timestamp"),
        ),
        (
            format!(
                "auth_key=k&auth_timestamp=1760000000&auth_version=1&auth_signature={signature}"
            ),
            bad("auth_version"),
        ),
        (format!("{USUAL}&auth_signature={signature}&body_md5=D4"), bad("body_md5")),
        (String::new(), Err(Refusal::Unauthorised(Why::Missing))),
    ] {
        let answer = ask(&given_directory(), "GET", &format!("{path}?{query}"), None).map(drop);
        assert_eq!(answer, expected, "{query}");
    }
}

#[test]
fn bodies_are_what_was_signed() {
    let md5 = |body: &str| hex::encode(Md5::digest(body));
    for (signed_md5, body, fits) in [
        (Some(md5("{}")), "{}", true),
        (Some(md5("{}")), "{ }", false),
        (Some(md5("{}")), "", false),
        (Some(md5("")), "", true),
        (Some(md5("")), "{}", false),
        (None, "", true),
        (None, "{}", false),
    ] {
        let md5 = signed_md5.map(|md5| format!("body_md5={md5}")).unwrap_or_default();
        let query = joined(&[USUAL, &md5]);
        let text = format!("POST\n/apps/100042/events\n{query}");
        let signature = hex::encode(SigningKey::new(SECRET).sign(&[text.as_bytes()]));
        let target = format!("/apps/100042/events?{query}&auth_signature={signature}");
        let answer = admit(&given_directory(), "POST", &target, body).map(drop);
        let expected = if fits { Ok(()) } else { Err(Refusal::Unauthorised(Why::BodyDigest)) };
        assert_eq!(answer, expected, "{query} {body}");
    }
}

#[test]
fn unknown_keys_and_wrong_signatures_get_the_same_answer() {
    let path = "/apps/100042/channels/presence-room.1/users";
    let zeros = "0".repeat(64);
    let with_key = |key: &str| {
        let target = format!(
            "{path}?auth_key={key}&auth_timestamp=1760000000&auth_version=1.0&auth_signature={zeros}"
        );
        ask(&given_directory(), "GET", &target, None).map(drop)
    };
    let wrong = with_key(KEY).unwrap_err();
    assert_eq!(Err(wrong.clone()), with_key("nobody"));
    assert_eq!(Err(wrong.clone()), with_key("other_key"), "a key of another tenant");
    let signed = format!("GET {path} with auth_key, auth_timestamp, auth_version").to_string();
    assert_eq!(wrong, Refusal::Unauthorised(Why::Signature { signed }));
}

#[test]
fn another_apps_valid_signature_opens_nothing() {
    let query = "auth_key=other_key&auth_timestamp=1760000000&auth_version=1.0";
    let text = format!("GET\n/apps/100042/channels\n{query}");
    let signature = hex::encode(SigningKey::new("other_secret").sign(&[text.as_bytes()]));
    let target = format!("/apps/100042/channels?{query}&auth_signature={signature}");
    let answer = ask(&given_directory(), "GET", &target, None).map(drop);
    assert_eq!(answer.map_err(|r| r.code().as_str()), Err("unauthorised"));
}

#[test]
fn given_twice_is_refused_unless_it_is_an_array() {
    let text = format!("GET\n/apps/100042/channels\n{USUAL}&info=a&info=b");
    let answer = signed("/apps/100042/channels", "info=a&info=b", &text);
    assert_eq!(answer.map_err(|r| r.status()), Err(400));
}

#[test]
fn a_flood_of_bad_signatures_loses_its_tolerance_but_locks_nobody_out() {
    let directory = given_directory();
    let bad = format!("/apps/100042/channels?{USUAL}&auth_signature={}", "0".repeat(64));
    let burst = FailureTable::BURST as usize;
    let codes: Vec<_> = (0..burst + 5)
        .map(|_| ask(&directory, "GET", &bad, None).map(drop).unwrap_err().status())
        .collect();
    assert_eq!(codes[..burst], vec![401; burst]);
    assert_eq!(codes[burst..], [429; 5]);
    let refusal = ask(&directory, "GET", &bad, None).map(drop).unwrap_err();
    assert!(
        matches!(refusal, Refusal::RateLimited { rule: Rule::FailedCredentials, .. }),
        "{refusal:?}"
    );
    let (method, path, query, body, signature) = VECTORS[0];
    let good =
        format!("{path}?{}", joined(&[USUAL, &format!("auth_signature={signature}"), query]));
    assert!(
        admit(&directory, method, &good, body).is_ok(),
        "the same caller with a good signature"
    );
}
