use super::house::House;

const EVENTS: &str = "/apps/my-app/events";
const BATCH: &str = "/apps/my-app/events/batch";
const OK: &str = r#"{"ok":true}"#;

#[actix_web::test]
async fn the_seeds_publish_is_delivered_and_answered() {
    let house = House::new();
    house.join("chat", "1.1", None);
    let body = r#"{"channel":"chat","event":"message","data":"{\"text\":\"Hello\"}"}"#;
    for path in [EVENTS, "/apps/my-key/events"] {
        let answer = house.post(path, body).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, OK));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(house.heard(), [r#"chat message {"text":"Hello"}"#]);
    }
}

#[actix_web::test]
async fn data_is_never_asked_to_be_json_and_anything_else_goes_out_as_text() {
    let house = House::new();
    house.join("chat", "1.1", None);
    for (data, expected) in [
        (r#""hello""#, "hello"),
        (r#""""#, ""),
        (r#"{"a": [1, 2.0]}"#, r#"{"a":[1,2.0]}"#),
        ("[1]", "[1]"),
        ("12345678901234567890", "12345678901234567890"),
        ("false", "false"),
    ] {
        let body = format!(r#"{{"channel":"chat","event":"e","data":{data}}}"#);
        assert_eq!(house.publish(&body).await.text, OK, "{data}");
        assert_eq!(house.heard(), [format!("chat e {expected}")]);
    }
}

#[actix_web::test]
async fn who_published_can_be_passed_over() {
    let house = House::new();
    house.join("chat", "1.1", None);
    for (socket_id, shown) in [
        (r#""1.1""#, " but 1.1"),
        (r#""283491.983474""#, " but 283491.983474"),
        (r#""99999999999.1""#, ""),
        (r#""""#, ""),
        ("null", ""),
    ] {
        let body =
            format!(r#"{{"channel":"chat","event":"e","data":"1","socket_id":{socket_id}}}"#);
        assert_eq!(house.publish(&body).await.text, OK, "{socket_id}");
        assert_eq!(house.heard(), [format!("chat e 1{shown}")]);
    }
}

#[actix_web::test]
async fn nobody_listening_is_no_error_and_both_spellings_are_taken() {
    let house = House::new();
    for body in [
        r#"{"channel":"chat","event":"e","data":"1"}"#,
        r#"{"channel":"chat","name":"e","data":"1"}"#,
        r#"{"channels":["a","b","a"],"name":"e","data":"1"}"#,
        r#"{"channel":"a b/c:d#é","event":"e","data":"1"}"#,
    ] {
        let answer = house.publish(body).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, OK), "{body}");
    }
}

#[actix_web::test]
async fn what_is_wrong_is_said_under_the_one_key() {
    let house = House::new();
    let required = "channel and event are required";
    let reserved = "the event name must not start with relay:, pusher: or pusher_internal:";
    let long = format!(r#"{{"channel":"{}","event":"e","data":"1"}}"#, "c".repeat(201));
    let large = |n| format!(r#"{{"channel":"chat","event":"e","data":"{}"}}"#, "x".repeat(n));
    for (body, status, error) in [
        ("", 400, "Invalid JSON body"),
        ("{", 400, "Invalid JSON body"),
        ("[]", 400, "Invalid JSON body"),
        ("{\"channel\":\"\u{0}\"}", 400, "Invalid JSON body"),
        ("{}", 422, required),
        (r#"{"channel":"chat","data":"1"}"#, 422, required),
        (r#"{"event":"e","data":"1"}"#, 422, required),
        (r#"{"channel":"","event":"e","data":"1"}"#, 422, required),
        (r#"{"channel":"chat","event":"","data":"1"}"#, 422, required),
        (r#"{"channels":[],"event":"e","data":"1"}"#, 422, required),
        (r#"{"channel":"chat","event":"e"}"#, 422, "data is required"),
        (r#"{"channel":"chat","event":"e","data":null}"#, 422, "data is required"),
        (r#"{"channel":1,"event":"e","data":"1"}"#, 422, "channel must be a string"),
        (r#"{"channel":"chat","event":{},"data":"1"}"#, 422, "event must be a string"),
        (r#"{"channels":"a","event":"e","data":"1"}"#, 422, "channels must be an array of strings"),
        (r#"{"channel":"chat","event":"relay:error","data":"1"}"#, 422, reserved),
        (r#"{"channel":"chat","event":"pusher:error","data":"1"}"#, 422, reserved),
        (r#"{"channel":"chat","event":"pusher_internal:x","data":"1"}"#, 422, reserved),
        (
            r#"{"channel":"chat","event":"e","data":"1","socket_id":"x"}"#,
            422,
            "socket_id is not of the form digits.digits",
        ),
        (
            r#"{"channel":"private-a:b","event":"e","data":"1"}"#,
            422,
            "the channel name must not contain : on private and presence channels",
        ),
        (
            r##"{"channel":"#server-to-user-ann","event":"e","data":"1"}"##,
            422,
            "the channel name names that start with # are reserved",
        ),
        (&long, 422, "the channel name must be 1 to 200 bytes long, is 201"),
        (r#"{"channel":"a","channel":"b","event":"e","data":"1"}"#, 400, "Invalid JSON body"),
        (&large(65_537), 413, "the data of an event is larger than 65536 bytes"),
    ] {
        let answer = house.publish(body).await;
        assert_eq!((answer.status, answer.error()), (status, error.to_owned()), "{body}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    assert_eq!(house.publish(&large(65_536)).await.text, OK, "at the limit");
    assert_eq!(house.heard(), [] as [&str; 0]);
}

#[actix_web::test]
async fn the_seeds_batch_is_published_in_order() {
    let house = House::new();
    house.join("chat", "1.1", None);
    house.join("alerts", "1.1", None);
    let body = r#"{"batch":[{"channel":"chat","event":"msg","data":"{}"},{"channel":"alerts","event":"ping","data":"{}","socket_id":"1.1"},{"channel":"chat","event":"last","data":"x"}]}"#;
    assert_eq!(house.post(BATCH, body).await.text, r#"{"ok":true,"count":3}"#);
    assert_eq!(house.heard(), ["chat msg {}", "alerts ping {} but 1.1", "chat last x"]);
    let empty = house.post(BATCH, r#"{"batch":[]}"#).await;
    assert_eq!((empty.status, empty.text.as_str()), (200, r#"{"ok":true,"count":0}"#));
}

#[actix_web::test]
async fn a_batch_is_all_or_nothing_and_says_which_item() {
    let house = House::new();
    house.join("chat", "1.1", None);
    let good = r#"{"channel":"chat","event":"e","data":"1"}"#;
    let batch = |items: &[&str]| format!(r#"{{"batch":[{}]}}"#, items.join(","));
    for (body, error) in [
        (batch(&[good, "{}"]), "batch[1]: channel and event are required"),
        (batch(&[good, good, r#"{"channel":"a","event":"e"}"#]), "batch[2]: data is required"),
        (batch(&["1"]), "batch[0]: must be an object"),
        ("{}".into(), "batch must be an array"),
        (r#"{"batch":{}}"#.into(), "batch must be an array"),
        (batch(&[good; 101]), "batch must be at most 100 events"),
    ] {
        let answer = house.post(BATCH, &body).await;
        assert_eq!((answer.status, answer.error()), (422, error.to_owned()), "{body}");
    }
    assert_eq!(house.heard(), [] as [&str; 0]);
    let answer = house.post(BATCH, &batch(&[good; 100])).await;
    assert_eq!(answer.text, r#"{"ok":true,"count":100}"#);
    assert_eq!(house.heard().len(), 100);
}

#[actix_web::test]
async fn a_retry_with_its_key_has_no_second_effect() {
    let house = House::new();
    house.join("chat", "1.1", None);
    let body = r#"{"channel":"chat","event":"e","data":"1","idempotency_key":"k"}"#;
    for _ in 0..2 {
        assert_eq!(house.publish(body).await.text, OK);
    }
    assert_eq!(house.heard(), ["chat e 1"]);
}

#[actix_web::test]
async fn the_apps_publish_rate_holds_for_batches_too() {
    let house = House::with(|record| record.limits.max_publishes_per_s = 20);
    let item = r#"{"channel":"chat","event":"e","data":"1"}"#;
    let batch = format!(r#"{{"batch":[{}]}}"#, [item; 20].join(","));
    assert_eq!(house.post(BATCH, &batch).await.status, 200);
    let answer = house.publish(item).await;
    assert_eq!((answer.status, answer.error()), (429, "rate limit exceeded".to_owned()));
    assert_eq!(answer.header("retry-after"), Some("1"));
}
