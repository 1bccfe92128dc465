use super::house::{As, House};
use crate::dialects::pusher::fixtures;
use actix_web::http::Method;

const EVENTS: &str = "/apps/100042/events";

fn list(n: usize) -> String {
    let names: Vec<String> = (0..n).map(|i| format!("\"c{i}\"")).collect();
    format!("[{}]", names.join(","))
}

#[actix_web::test]
async fn every_field_holds_at_its_limit_and_fails_one_past_it() {
    let house = House::new();
    let text = |n: usize| format!("\"{}\"", "x".repeat(n));
    let with = |field: &str, value: &str| {
        let mut fields = vec![("name", "\"e\""), ("channel", "\"a\""), ("data", "\"1\"")];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let members: Vec<String> = fields.iter().map(|(n, v)| format!("\"{n}\":{v}")).collect();
        format!("{{{}}}", members.join(","))
    };
    for (field, value, status) in [
        ("name", text(200), 200),
        ("name", text(201), 400),
        ("name", text(0), 400),
        ("name", "1".into(), 400),
        ("name", "null".into(), 400),
        ("name", "\"pusher:x\"".into(), 400),
        ("name", "\"pusher_internal:x\"".into(), 400),
        ("name", "\"pusherx\"".into(), 200),
        ("channel", text(200), 200),
        ("channel", text(201), 400),
        ("channel", text(0), 400),
        ("channel", "\"a:b\"".into(), 400),
        ("channel", "\"#x\"".into(), 400),
        ("channel", "\"#server-to-user-\"".into(), 400),
        ("channel", "1".into(), 400),
        ("channels", list(100), 200),
        ("channels", list(101), 400),
        ("channels", "[]".into(), 400),
        ("channels", "\"a\"".into(), 400),
        ("channels", "[1]".into(), 400),
        ("channels", r#"["private-encrypted-a"]"#.into(), 200),
        ("channels", r#"["private-encrypted-a","b"]"#.into(), 400),
        ("channels", r#"["b","private-encrypted-cache-a"]"#.into(), 400),
        ("data", text(10_240), 200),
        ("data", text(10_241), 413),
        ("data", format!("\"{}\"", "é".repeat(5_121)), 413),
        ("data", format!("\"{}\"", "\\\"".repeat(10_240)), 200),
        ("data", "null".into(), 400),
        ("data", "[1]".into(), 200),
        ("socket_id", "\"1234.5678\"".into(), 200),
        ("socket_id", "\"99999999999.1\"".into(), 200),
        ("socket_id", "\"1\"".into(), 400),
        ("socket_id", "\"1.2.3\"".into(), 400),
        ("socket_id", "\"\"".into(), 400),
        ("socket_id", "\"12345678901234567890123.1\"".into(), 400),
        ("socket_id", "1.1".into(), 400),
        ("socket_id", "null".into(), 200),
        ("info", "\"cache\"".into(), 400),
        ("info", "\"age\"".into(), 400),
        ("info", "1".into(), 400),
        ("info", "[1]".into(), 400),
        ("idempotency_key", text(128), 200),
        ("idempotency_key", text(129), 400),
        ("idempotency_key", text(0), 400),
        ("idempotency_key", "1".into(), 400),
    ] {
        let answer = house.publish(&with(field, &value)).await;
        assert_eq!(answer.status, status, "{field} {value:.60}: {}", answer.text);
        if status == 400 {
            assert_eq!(answer.code(), "invalid_input");
            assert!(answer.text.contains(field), "{field} is named: {}", answer.text);
        }
        if status == 413 {
            assert_eq!(answer.code(), "payload_too_large");
        }
    }
}

#[actix_web::test]
async fn bodies_that_are_no_publish_are_400() {
    let house = House::new();
    for body in [
        "",
        "name=e",
        "[]",
        "null",
        "{",
        r#"{"name":"e","channel":"a","data":"1"} x"#,
        r#"{"name":"e","name":"f","channel":"a","data":"1"}"#,
        r#"{"x":1,"x":2,"name":"e","channel":"a","data":"1"}"#,
        r#"{"name":"e","channel":"a","data":"\ud800"}"#,
        r#"{"name":"e","data":"1"}"#,
        r#"{"name":"e","channel":"a"}"#,
        r#"{"channel":"a","data":"1"}"#,
    ] {
        let answer = house.publish(body).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_input"), "{body}");
    }
}

#[actix_web::test]
async fn batches_are_of_one_to_ten() {
    let house = House::new();
    let items = |n: usize| vec![r#"{"name":"e","channel":"a","data":"1"}"#; n].join(",");
    for (batch, status) in [
        (format!("[{}]", items(10)), 200),
        (format!("[{}]", items(11)), 400),
        ("[]".into(), 400),
        ("{}".into(), 400),
        ("null".into(), 400),
        (r#"["a"]"#.into(), 400),
        (r#"[{"name":"e","channels":["a"],"data":"1"}]"#.into(), 400),
    ] {
        let body = format!(r#"{{"batch":{batch}}}"#);
        let answer = house.post("/apps/100042/batch_events", &body).await;
        assert_eq!(answer.status, status, "{batch:.60}: {}", answer.text);
    }
}

#[actix_web::test]
async fn user_ids_are_checked() {
    let house = House::new();
    let event = r#"{"name":"e","data":"1"}"#;
    let (longest, long) = ("u".repeat(128), "u".repeat(129));
    for (user, status) in [
        (longest.as_str(), 200),
        (long.as_str(), 400),
        ("a%20b", 400),
        ("a%2Fb", 400),
        ("%FF", 400),
    ] {
        for what in ["events", "terminate_connections"] {
            let answer = house.post(&format!("/apps/100042/users/{user}/{what}"), event).await;
            assert_eq!(answer.status, status, "{user} {what}: {}", answer.text);
        }
    }
}

#[actix_web::test]
async fn heads_tell_before_a_body_is_read() {
    let house = House::new();
    let event = r#"{"name":"e","channel":"a","data":"1"}"#;
    for (header, status, code) in [
        (("Content-Length", "100000000"), 413, "payload_too_large"),
        (("Content-Length", "99999999999999999999999"), 413, "payload_too_large"),
        (("Content-Encoding", "gzip"), 415, "unsupported_encoding"),
        (("Content-Encoding", "DEFLATE"), 415, "unsupported_encoding"),
    ] {
        let answer = house.ask(As::App, Method::POST, EVENTS, "", event, &[header]).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{header:?}");
        let stranger = house.ask(As::Nobody, Method::POST, EVENTS, "", event, &[header]).await;
        assert_eq!(stranger.status, 401, "the credential comes first");
    }
    let plain = [("Content-Encoding", "identity")];
    assert_eq!(house.ask(As::App, Method::POST, EVENTS, "", event, &plain).await.status, 200);
    let large = format!(r#"{{"x":"{}"}}"#, "x".repeat(1 << 20));
    assert_eq!(house.publish(&large).await.status, 413, "without an announcement");
}

#[actix_web::test]
async fn over_the_rate_is_429_with_a_time_to_wait() {
    let house = House::with(|record| {
        record.limits.max_publishes_per_s = 5;
        record.limits.max_reads_per_s = 5;
    });
    let event = r#"{"name":"e","channel":"a","data":"1"}"#;
    let mut answers = Vec::new();
    for _ in 0..40 {
        answers.push(house.publish(event).await);
    }
    assert_eq!(answers[0].status, 200);
    let last = answers.iter().rfind(|answer| answer.status != 200).expect("one over the rate");
    assert_eq!((last.status, last.code().as_str()), (429, "rate_limited"));
    assert_eq!(last.headers.get("retry-after").unwrap(), "1");
    let mut reads = Vec::new();
    for _ in 0..40 {
        reads.push(house.get("/apps/100042/channels", "").await.status);
    }
    assert!(reads[0] == 200 && reads.contains(&429), "{reads:?}");
}

#[actix_web::test]
async fn routes_and_apps_that_are_not_there_are_404() {
    let house = House::new();
    let event = r#"{"name":"e","channel":"a","data":"1"}"#;
    let unknown = house.post("/apps/1/events", event).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "app_not_found"));
    for (method, path) in [
        (Method::GET, EVENTS),
        (Method::PUT, EVENTS),
        (Method::POST, "/apps/100042/channels"),
        (Method::DELETE, "/apps/100042/users/u/terminate_connections"),
        (Method::GET, "/users/u/terminate_connections"),
    ] {
        let answer = house.ask(As::App, method.clone(), path, "", "", &[]).await;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (404, "404 NOT FOUND"),
            "{method} {path}"
        );
    }
}

#[actix_web::test]
async fn a_disabled_app_is_403_and_refusals_are_counted() {
    let house = House::with(|record| record.enabled = false);
    let event = r#"{"name":"e","channel":"a","data":"1"}"#;
    let answer = house.publish(event).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"));
    let app = house.gateway.directory.app_by_path("100042").expect("the app");
    let totals = app.counters.totals().expect("it was used");
    assert_eq!((totals.published, totals.refusals.iter().sum::<u64>()), (0, 1));

    let house = House::new();
    house.publish(event).await;
    let app = house.gateway.directory.app_by_path("100042").expect("the app");
    let totals = app.counters.totals().expect("it was used");
    assert_eq!((totals.published, totals.all_requests()), (1, 1));
}

#[actix_web::test]
async fn a_plan_without_direct_messages_says_so() {
    let house = House::with(|record| record.plan.features.direct_messages = false);
    let answer = house.post("/apps/100042/users/ann/events", r#"{"name":"e","data":"x"}"#).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"));
    assert_eq!(answer.headers.get("x-refusal-code").unwrap(), "plan_feature");
    assert_eq!(answer.headers.get("x-refusal-rule").unwrap(), "direct_messages");
    assert_eq!(house.publish(r#"{"name":"e","channel":"news","data":"x"}"#).await.status, 200);
}

#[actix_web::test]
async fn a_refused_request_has_an_id_by_which_it_is_found() {
    let house = House::with(|record| record.limits.max_event_bytes = 1_024);
    let data = "x".repeat(1_025);
    let body = format!(r#"{{"name":"e","channel":"news","data":"{data}"}}"#);
    let headers = [("X-Request-Id", "chosen-by-the-caller")];
    let answer = house.ask(As::App, Method::POST, "/apps/100042/events", "", &body, &headers).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "payload_too_large"));
    let [record] = &house.gateway.refused.take(9)[..] else { panic!("one refusal") };
    assert_eq!(answer.headers.get("x-request-id").unwrap(), record.request_id.as_str());
    let json: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(json["refusal"]["request_id"], record.request_id);
    assert_eq!(json["refusal"]["limit"], 1_024);
    assert_eq!((record.code.as_str(), record.limit), ("event_too_large", Some(1_024)));
    assert_eq!((record.key.as_deref(), record.dialect.as_str()), (Some(fixtures::KEY), "pusher"));
    assert_eq!(record.action, "POST /apps/{app}/events");
}
