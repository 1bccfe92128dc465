use super::house::House;
use crate::{dialects::neutral, hub::clock};
use realtime::{Payload, Publish, Topic};

async fn published(house: &House, n: usize) {
    for n in 1..=n {
        let body = format!(r#"{{"channel":"chat","event":"e{n}","data":"{n}"}}"#);
        assert_eq!(house.publish(&body).await.status, 200);
    }
}

async fn page(house: &House, query: &str) -> (Vec<u64>, Option<String>) {
    let answer = house.get(&format!("/apps/my-app/channels/chat/events{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let json = answer.json();
    let events = json["events"].as_array().expect("an array");
    let ids = events.iter().map(|event| event["id"].as_u64().expect("a number")).collect();
    (ids, json["next_cursor"].as_str().map(str::to_owned))
}

#[actix_web::test]
async fn what_was_published_to_nobody_is_told_newest_first() {
    let house = House::new();
    published(&house, 2).await;
    let third = r#"{"channel":"chat","event":"e3","data":{"a": 1},"socket_id":"1.2"}"#;
    house.publish(third).await;
    let json = house.get("/apps/my-app/channels/chat/events").await.json();
    let events = json["events"].as_array().expect("an array");
    let newest = &events[0];
    assert_eq!((events.len(), &json["next_cursor"]), (3, &serde_json::Value::Null));
    assert_eq!((&newest["id"], &newest["event"]), (&3.into(), &"e3".into()));
    assert_eq!((&newest["channel"], &newest["data"]), (&"chat".into(), &r#"{"a":1}"#.into()));
    assert_eq!(newest["socket_id"], "1.2");
    assert_eq!(events[2].as_object().map(|e| e.len()), Some(5), "no socket was named: {json}");
    let timestamp = newest["timestamp"].as_str().expect("text");
    assert!(timestamp.len() == 20 && timestamp.ends_with('Z'), "{timestamp}");
}

#[actix_web::test]
async fn pages_go_on_where_the_last_one_ended() {
    let house = House::new();
    published(&house, 60).await;
    let (ids, _) = page(&house, "").await;
    assert_eq!((ids.len(), ids[0]), (50, 60));
    let (ids, cursor) = page(&house, "?limit=25").await;
    assert_eq!((ids.first(), ids.last()), (Some(&60), Some(&36)));
    let cursor = cursor.expect("more");
    assert_eq!(cursor, "MzY=", "base64 of the oldest id");
    published(&house, 1).await;
    let (ids, next) = page(&house, &format!("?limit=25&cursor={cursor}")).await;
    assert_eq!((ids.first(), ids.last()), (Some(&35), Some(&11)));
    let (ids, next) = page(&house, &format!("?limit=25&cursor={}", next.expect("more"))).await;
    assert_eq!((ids.first(), ids.last(), next), (Some(&10), Some(&1), None));
    let refused = house.get("/apps/my-app/channels/chat/events?cursor=nonsense").await;
    assert_eq!(refused.status, 422);
}

#[actix_web::test]
async fn a_channel_nobody_knows_has_an_empty_history() {
    let answer = House::new().get("/apps/my-app/channels/quiet/events").await;
    let expected = r#"{"events":[],"next_cursor":null}"#;
    assert_eq!((answer.status, answer.text.as_str()), (200, expected));
}

#[actix_web::test]
async fn messages_of_other_families_are_told_as_events() {
    let house = House::new();
    for raw in [r#"{"n":1.0}"#, r#"{"event":"moved","data":{"x":1}}"#] {
        let topic = Topic { app: "my-app".parse().unwrap(), channel: "chat".parse().unwrap() };
        let data = Payload::Json(raw.into());
        let message = Publish {
            keep_history: true,
            ..Publish::from_server(topic, neutral::name_in(raw), data)
        };
        house.gateway.router.publish(message, clock::unix_ms()).await.expect("taken");
    }
    let json = house.get("/apps/my-app/channels/chat/events").await.json();
    let told: Vec<_> = json["events"].as_array().expect("an array").iter().collect();
    assert_eq!((&told[0]["event"], &told[0]["data"]), (&"moved".into(), &r#"{"x":1}"#.into()));
    assert_eq!((&told[1]["event"], &told[1]["data"]), (&"message".into(), &r#"{"n":1.0}"#.into()));
}

#[actix_web::test]
async fn the_log_has_the_apps_last_twenty_of_every_channel_without_their_data() {
    let house = House::new();
    assert_eq!(house.get("/apps/my-app/events/log").await.text, r#"{"events":[]}"#);
    published(&house, 25).await;
    house.publish(r#"{"channel":"alerts","event":"last","data":"x"}"#).await;
    let json = house.get("/apps/my-app/events/log").await.json();
    let events = json["events"].as_array().expect("an array");
    assert_eq!(events.len(), 20);
    let mut newest = events[0].clone();
    let timestamp = newest.as_object_mut().and_then(|event| event.remove("timestamp"));
    assert!(timestamp.is_some_and(|t| t.as_str().is_some_and(|t| t.ends_with('Z'))));
    let expected = serde_json::json!({"channel": "alerts", "event": "last", "app_id": "my-app"});
    assert_eq!(newest, expected);
    assert_eq!((&events[1]["event"], &events[19]["event"]), (&"e25".into(), &"e7".into()));
}

#[actix_web::test]
async fn a_plan_without_history_says_so() {
    let house = House::with(|record| record.plan.features.history = false);
    published(&house, 1).await;
    for path in ["/apps/my-app/channels/chat/events", "/apps/my-app/events/log"] {
        let answer = house.get(path).await;
        assert_eq!(answer.status, 403, "{path}");
        let refusal = &answer.json()["refusal"];
        assert_eq!(
            (&refusal["code"], &refusal["rule"]),
            (&"plan_feature".into(), &"history".into())
        );
    }
}
