use super::house::House;
use contract::{Action, directory::AppRecord};

const PUBLISH: &str = "/v1/channels/c/publish";

fn text(bytes: usize) -> String {
    format!("\"{}\"", "x".repeat(bytes - 2))
}

#[actix_web::test]
async fn every_field_holds_at_its_limit_and_fails_one_past_it() {
    let house = House::new();
    let bag = |bytes: usize| format!(r#"{{"m":{}}}"#, text(bytes - 6));
    for (field, value, status) in [
        ("data", text(32_768), 200),
        ("data", text(32_769), 413),
        ("data", format!("[{}]", " ".repeat(60_000)), 200),
        ("data", format!("\"{}\"", "\\u00e9".repeat(16_383)), 200),
        ("data", format!("\"{}\"", "\\u00e9".repeat(16_384)), 413),
        ("data", format!("\"{}\"", "é".repeat(16_383)), 200),
        ("data", format!("\"{}\"", "é".repeat(16_384)), 413),
        ("data", "null".into(), 200),
        ("data", "[".repeat(30) + &"]".repeat(30), 200),
        ("data", "[".repeat(33) + &"]".repeat(33), 400),
        ("from", text(130), 200),
        ("from", text(131), 400),
        ("from", "\"\"".into(), 400),
        ("from", "\"é\"".into(), 400),
        ("from", "\"a\\nb\"".into(), 400),
        ("from", "7".into(), 400),
        ("peerMetadata", bag(4_096), 200),
        ("peerMetadata", bag(4_097), 400),
        ("peerMetadata", "[]".into(), 400),
        ("peerMetadata", "\"x\"".into(), 400),
    ] {
        let mut fields = vec![("data", "1")];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, &value));
        let members: Vec<String> = fields.iter().map(|(n, v)| format!("\"{n}\":{v}")).collect();
        let answer = house.post(PUBLISH, &format!("{{{}}}", members.join(","))).await;
        assert_eq!(answer.status, status, "{field} {value:.60}: {:.200}", answer.text);
        if status != 200 {
            answer.is(status, "invalid_request");
        }
    }
}

#[actix_web::test]
async fn bodies_that_are_no_publish_are_400() {
    let house = House::new();
    for body in [
        "",
        "data=1",
        "[]",
        "null",
        "{",
        "{}",
        r#"{"data":1} x"#,
        r#"{"data":1,"data":2}"#,
        r#"{"data":1,"x":1,"x":2}"#,
        r#"{"data":"\ud800"}"#,
        r#"{"Data":1}"#,
    ] {
        house.post(PUBLISH, body).await.is(400, "invalid_request");
    }
}

#[actix_web::test]
async fn a_body_that_is_too_large_is_413() {
    let blanks = |n: usize| format!("{}{}", r#"{"data":1}"#, " ".repeat(n - 10));
    let house = House::new();
    assert_eq!(house.post(PUBLISH, &blanks(128 << 10)).await.status, 200);
    house.post(PUBLISH, &blanks((128 << 10) + 1)).await.is(413, "invalid_request");
}

#[actix_web::test]
async fn names_hold_at_their_limit() {
    let house = House::new();
    let most = "c".repeat(256);
    assert_eq!(house.get(&format!("/v1/channels/{most}/peers")).await.status, 200);
    house.get(&format!("/v1/channels/{most}c/peers")).await.is(400, "invalid_request");
}

#[actix_web::test]
async fn rates_are_429() {
    let slow = |record: &mut AppRecord| {
        record.limits.max_publishes_per_s = 1;
        record.limits.max_reads_per_s = 1;
    };
    let house = House::with(|records| slow(&mut records.app));
    for (limit, path, body) in [(10, PUBLISH, r#"{"data":1}"#)] {
        for _ in 0..limit {
            assert_eq!(house.post(path, body).await.status, 200);
        }
        house.post(path, body).await.is(429, "rate_limited");
    }
    for _ in 0..10 {
        assert_eq!(house.get("/v1/usage").await.status, 200);
    }
    house.get("/v1/channels/c/peers").await.is(429, "rate_limited");
    let key = house.key(&[Action::Presence], &["**"]);
    house
        .ask(Some(&key), actix_web::http::Method::DELETE, "/v1/peers/u", "")
        .await
        .is(429, "rate_limited");
}
