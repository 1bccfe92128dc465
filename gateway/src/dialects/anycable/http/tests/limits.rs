use super::house::{API, Asked, House};

const PUBLISH: &str = "/api/publish";

#[actix_web::test]
async fn sizes_hold_at_the_limit_and_fail_one_past_it() {
    let house = House::with(|record| record.limits.max_payload_bytes = 1_024);
    let of = |bytes: usize| format!(r#"{{"stream":"a","data":"{}"}}"#, "x".repeat(bytes));
    assert_eq!(house.publish(&of(1_024)).await, 201);
    assert_eq!(house.publish(&of(1_025)).await, 413);
    let batch = |items: usize| format!("[{}]", vec![of(1); items].join(","));
    assert_eq!(house.publish(&batch(100)).await, 201);
    assert_eq!(house.publish(&batch(101)).await, 413);
    let large = format!("{}{}", of(1), " ".repeat(2 << 20));
    assert_eq!(house.publish(&large).await, 413, "the body as a whole");
    let escaped = format!(r#"{{"stream":"a","data":"{}"}}"#, "\\\"".repeat(1_024));
    assert_eq!(house.publish(&escaped).await, 201, "what counts is what was meant");
}

#[actix_web::test]
async fn heads_tell_before_a_body_is_read() {
    let house = House::new();
    let good = r#"{"stream":"a","data":"1"}"#;
    for (header, known, stranger) in [
        (("Content-Length", "100000000"), 413, 401),
        (("Content-Encoding", "gzip"), 415, 401),
        (("Content-Type", "text/plain"), 201, 401),
        (("Content-Type", "application/x-www-form-urlencoded"), 201, 401),
    ] {
        let headers = [header];
        let asked = Asked::new("POST", PUBLISH).with(good).headers(&headers);
        assert_eq!(house.ask(asked).await.status, known, "{header:?}");
        assert_eq!(house.ask(asked.by(None)).await.status, stranger, "{header:?}");
    }
}

#[actix_web::test]
async fn a_batch_counts_what_it_holds_and_over_the_rate_is_429() {
    let house = House::with(|record| {
        record.limits.max_publishes_per_s = 10;
        record.limits.max_reads_per_s = 10;
    });
    house.join("a", "1.1", None);
    let item = r#"{"stream":"a","data":"1"}"#;
    let batch = format!("[{}]", [item; 8].join(","));
    assert_eq!(house.publish(&batch).await, 201);
    assert_eq!(house.heard().len(), 8);
    let answer = house.ask(Asked::new("POST", PUBLISH).with(&batch)).await;
    assert_eq!((answer.status, answer.text.as_str()), (429, ""));
    let wait: u64 = answer.header("retry-after").expect("a time to wait").parse().unwrap();
    assert!((1..=2).contains(&wait));
    assert!(house.heard().is_empty(), "all or nothing");
    let mut reads = Vec::new();
    for _ in 0..40 {
        let asked = Asked::new("GET", "/api/presence/a/users").by(Some(API));
        reads.push(house.ask(asked).await.status);
    }
    assert!(reads[0] == 200 && reads.contains(&429), "{reads:?}");
}

#[actix_web::test]
async fn what_happened_is_counted() {
    let house = House::new();
    let batch = r#"[{"stream":"a","data":"1"},{"stream":"b","data":"2"}]"#;
    assert_eq!(house.publish(batch).await, 201);
    let refused = Asked::new("POST", "/apps/cableapp1/api/publish").by(None).with(batch);
    assert_eq!(house.ask(refused).await.status, 401);
    let app = house.gateway.directory.app_by_path(super::house::APP).expect("the app");
    let totals = app.counters.totals().expect("it was used");
    assert_eq!((totals.published, totals.all_requests()), (2, 2));
    assert_eq!(totals.refusals.iter().sum::<u64>(), 1);
}
