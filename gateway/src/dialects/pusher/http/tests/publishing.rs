use super::house::{As, House};
use actix_web::http::Method;

#[actix_web::test]
async fn an_event_is_published_with_the_id_or_the_key_in_the_path() {
    let house = House::new();
    house.join("private-room.42", "1.1", None);
    let body =
        r#"{"name":"message.created","channel":"private-room.42","data":"{\"body\":\"hello\"}"}"#;
    for app in ["100042", "vk_demo_7d3c1f0a"] {
        let answer = house.post(&format!("/apps/{app}/events"), body).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
        assert_eq!(answer.headers.get("content-type").unwrap(), "application/json");
        assert_eq!(house.heard(), [r#"private-room.42 message.created {"body":"hello"}"#]);
    }
}

#[actix_web::test]
async fn several_channels_get_one_event_each() {
    let house = House::new();
    house.join("public-feed", "1.1", None);
    house.join("private-team.42", "1.1", None);
    let body = r#"{"name":"deploy.finished","channels":["public-feed","private-team.42","public-feed"],"data":"{\"version\":\"2026.05.22\"}"}"#;
    assert_eq!(house.publish(body).await.text, "{}");
    let data = r#"deploy.finished {"version":"2026.05.22"}"#;
    assert_eq!(house.heard(), [format!("public-feed {data}"), format!("private-team.42 {data}")]);
}

#[actix_web::test]
async fn data_keeps_its_bytes() {
    let house = House::new();
    house.join("a", "1.1", None);
    for (data, expected) in [
        (r#""text \u00e9 \ud83d\ude00""#, "text é 😀"),
        (r#"{"n": 12345678901234567890.10, "b" :[ ]}"#, r#"{"n":12345678901234567890.10,"b":[]}"#),
        ("1.50", "1.50"),
        ("\"\"", ""),
        ("false", "false"),
    ] {
        let body = format!(r#"{{"name":"e","channel":"a","data":{data},"extra":{{"x":[1]}}}}"#);
        assert_eq!(house.publish(&body).await.status, 200, "{data}");
        assert_eq!(house.heard(), [format!("a e {expected}")]);
    }
}

#[actix_web::test]
async fn counts_are_answered_per_channel() {
    let house = House::new();
    house.join("public-feed", "1.1", None);
    house.join("presence-a", "1.1", Some("ann"));
    house.join("presence-a", "1.2", Some("ann"));
    let ask = |info: &str| {
        format!(r#"{{"name":"e","channels":["public-feed","presence-a"],"data":"","info":{info}}}"#)
    };
    for (info, expected) in [
        (
            r#""subscription_count,user_count""#,
            r#"{"channels":{"public-feed":{"subscription_count":1},"presence-a":{"user_count":1,"subscription_count":2}}}"#,
        ),
        (r#"["user_count"]"#, r#"{"channels":{"public-feed":{},"presence-a":{"user_count":1}}}"#),
        (
            r#"" user_count , user_count ""#,
            r#"{"channels":{"public-feed":{},"presence-a":{"user_count":1}}}"#,
        ),
        (r#""""#, "{}"),
        ("null", "{}"),
    ] {
        assert_eq!(house.publish(&ask(info)).await.text, expected, "{info}");
    }
}

#[actix_web::test]
async fn a_batch_is_published_in_order() {
    let house = House::new();
    house.join("private-room.1", "1.1", None);
    house.join("private-room.2", "1.1", None);
    let item = |room: u32, more: &str| {
        format!(r#"{{"name":"m{room}","channel":"private-room.{room}","data":"1"{more}}}"#)
    };
    let batch = |items: &[String]| format!(r#"{{"batch":[{}]}}"#, items.join(","));
    let path = "/apps/100042/batch_events";
    let plain = batch(&[item(1, ""), item(2, ""), item(1, "")]);
    assert_eq!(house.post(path, &plain).await.text, "{}");
    let expected = ["private-room.1 m1 1", "private-room.2 m2 1", "private-room.1 m1 1"];
    assert_eq!(house.heard(), expected);
    let counted = batch(&[item(1, ""), item(2, r#","info":"subscription_count""#)]);
    let answer = house.post(path, &counted).await;
    assert_eq!(answer.text, r#"{"batch":[{},{"subscription_count":1}]}"#);
}

#[actix_web::test]
async fn a_repeated_idempotency_key_adds_nothing() {
    let house = House::new();
    house.join("a", "1.1", None);
    let body = r#"{"name":"e","channel":"a","data":"1","idempotency_key":"same"}"#;
    for _ in 0..2 {
        assert_eq!(house.publish(body).await.text, "{}");
    }
    assert_eq!(house.heard(), ["a e 1"]);
    let batch = r#"{"batch":[{"name":"e","channel":"a","data":"2"},{"name":"e","channel":"a","data":"3"}]}"#;
    for _ in 0..2 {
        let (path, key) = ("/apps/100042/batch_events", [("X-Idempotency-Key", "one")]);
        let answer = house.ask(As::App, Method::POST, path, "", batch, &key).await;
        assert_eq!(answer.text, "{}");
    }
    assert_eq!(house.heard(), ["a e 2", "a e 3"], "one key for the batch, one effect per item");
}

#[actix_web::test]
async fn users_are_reached_by_both_ways() {
    let house = House::new();
    house.join("#server-to-user-ann", "1.1", Some("ann"));
    let note = r#""name":"note","data":"1"}"#;
    let direct = house.post("/apps/100042/users/ann/events", &format!("{{{note}")).await;
    assert_eq!(direct.text, "{}");
    let body = format!(r##"{{"channels":["#server-to-user-ann"],{note}"##);
    assert_eq!(house.publish(&body).await.text, "{}");
    assert_eq!(house.heard(), ["#server-to-user-ann note 1"; 2]);
}

#[actix_web::test]
async fn a_users_connections_are_ended_by_both_paths() {
    let house = House::new();
    house.join("#server-to-user-ann", "1.1", Some("ann"));
    for prefix in ["/apps/100042", "/apps/vk_demo_7d3c1f0a", ""] {
        for body in ["{}", ""] {
            let path = format!("{prefix}/users/ann/terminate_connections");
            let answer = house.post(&path, body).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, "{}"), "{path}");
            assert_eq!(house.heard(), ["terminate ann"]);
        }
    }
    let nobody = house.post("/apps/100042/users/nobody/terminate_connections", "{}").await;
    assert_eq!((nobody.status, house.heard().len()), (200, 0));
}

#[actix_web::test]
async fn of_a_request_with_one_bad_part_nothing_is_published() {
    let house = House::new();
    house.join("a", "1.1", None);
    let good = r#"{"name":"e","channel":"a","data":"1"}"#;
    for bad in [r#"{"name":"e","channel":"b c","data":"1"}"#, "[]", r#"{"name":"e"}"#] {
        let batch = format!(r#"{{"batch":[{good},{bad}]}}"#);
        let answer = house.post("/apps/100042/batch_events", &batch).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_input"), "{bad}");
        assert!(answer.text.contains("batch[1]: "), "{}", answer.text);
    }
    let body = r#"{"name":"e","channels":["a","b c"],"data":"1"}"#;
    assert_eq!(house.publish(body).await.status, 400);
    assert_eq!(house.heard(), [] as [&str; 0]);
}
