//! Webhook events of the past, among the events that gateways kept.

use super::*;
use crate::testing::service;
use sqlx::PgPool;
use uuid::Uuid;

/// Something that endpoints were told, as the intake stores it. Without a channel it is of none.
struct Stored<'a> {
    kind: &'a str,
    channel: &'a str,
    data: Value,
    at_ms: i64,
}

async fn store(service: &Service, who: &Customer, stored: Stored<'_>) -> Uuid {
    store_of(service, who, Some(who.app.as_str()), stored).await
}

async fn store_of(
    service: &Service,
    who: &Customer,
    app: Option<&str>,
    stored: Stored<'_>,
) -> Uuid {
    let id = Uuid::now_v7();
    let mut tx = service.state.db.service().await.unwrap();
    sqlx::query(
        "INSERT INTO webhook_messages (id, organisation_id, app_id, type, channel, data, at)
         VALUES ($1, $2, $3, $4, nullif($5, ''), $6::text::json, $7)",
    )
    .bind(id)
    .bind(who.organisation)
    .bind(app)
    .bind(stored.kind)
    .bind(stored.channel)
    .bind(stored.data.to_string())
    .bind(OffsetDateTime::from_unix_timestamp_nanos(stored.at_ms as i128 * 1_000_000).unwrap())
    .execute(tx.db())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

fn occupied(channel: &str, at_ms: i64) -> Stored<'_> {
    Stored { kind: "channel_occupied", channel, data: json!({}), at_ms }
}

/// What two sources know of a few minutes, told in no order.
async fn given_both(service: &Service, who: &Customer) {
    let joined = json!({"user_id": "Zoe"});
    store(
        service,
        who,
        Stored { kind: "member_added", channel: "presence-a/1", data: joined, at_ms: ago(40) },
    )
    .await;
    store(service, who, occupied("presence-a/1", ago(50))).await;
    let revoked = json!({"key": "abc"});
    store(service, who, Stored { kind: "key.revoked", channel: "", data: revoked, at_ms: ago(10) })
        .await;
    let told = [
        event(who, 1, ago(60), json!({"event": "first", "dialect": "relay"})),
        event(
            who,
            2,
            ago(45),
            json!({"kind": "subscribed", "channel": "presence-a/1",
                                      "socket_id": "1.2", "user_id": "Zoe"}),
        ),
        event(who, 3, ago(20), json!({"kind": "dropped", "count": 12})),
        event(who, 4, ago(5), json!({"event": "last"})),
    ];
    tell(service, &told).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn webhook_events_stand_among_the_others_as_they_were_told(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    given_both(&service, &ann).await;
    let page = history(&ann, "").await;
    let in_time = [
        "last",
        "key.revoked",
        "and 12",
        "member_added",
        "subscribed",
        "channel_occupied",
        "first",
    ];
    assert_eq!(names(&page), in_time);
    let at_ms = ago(3);
    let id = store(
        &service,
        &ann,
        Stored {
            kind: "member_added",
            channel: "presence-b",
            data: json!({"user_id": "Bo"}),
            at_ms,
        },
    )
    .await;
    assert_eq!(
        history(&ann, "limit=1").await["items"],
        json!([{"id": id, "at_ms": at_ms, "kind": "webhook", "event": "member_added",
                "channel": "presence-b", "data": r#"{"user_id":"Bo"}"#, "data_bytes": 16}])
    );
    let long = "ä".repeat(700);
    store(
        &service,
        &ann,
        Stored { kind: "client_event", channel: "c", data: json!({"d": long}), at_ms: ago(2) },
    )
    .await;
    let cut = history(&ann, "limit=1&q=%C3%84").await["items"][0].clone();
    assert_eq!((cut["data"].as_str().unwrap().len(), &cut["data_bytes"]), (1_024, &json!(1_408)));
}

#[sqlx::test(migrations = "../migrations")]
async fn filters_choose_among_both(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    given_both(&service, &ann).await;
    let (joined, revoked, occupied) = ("member_added", "key.revoked", "channel_occupied");
    for (query, expected) in [
        // What was only counted were no webhook events.
        ("kinds=webhook", vec![revoked, joined, occupied]),
        ("kinds=webhook,published", vec!["last", revoked, "and 12", joined, occupied, "first"]),
        ("kinds=published", vec!["last", "and 12", "first"]),
        ("kinds=webhook&channel=presence-*/1", vec![joined, occupied]),
        ("channel=presence-a/*", vec!["and 12", joined, "subscribed", occupied]),
        ("kinds=webhook&event=channel_*", vec![occupied]),
        ("kinds=webhook&event=key.**", vec![revoked]),
        ("event=**added", vec!["and 12", joined]),
        // They are of no connection and of no dialect.
        ("kinds=webhook&socket_id=1.2", vec![]),
        ("socket_id=1.2", vec!["and 12", "subscribed"]),
        ("dialect=pusher", vec!["last", "and 12", "subscribed"]),
        ("q=zoe", vec!["and 12", joined, "subscribed"]),
        ("q=KEY.", vec![revoked, "and 12"]),
        ("kinds=webhook&q=ABC", vec![revoked]),
        ("kinds=webhook&q=nowhere", vec![]),
    ] {
        let page = history(&ann, query).await;
        assert_eq!((names(&page), &page["next_cursor"]), (own(&expected), &Value::Null), "{query}");
    }
    let (from, until) = (ago_text(48), ago_text(15));
    let between = history(&ann, &format!("from={from}&until={until}")).await;
    assert_eq!(names(&between), ["and 12", joined, "subscribed"]);
}

fn own(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_page_s_edge_falls_between_two_events_of_one_millisecond(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let at = ago(30);
    let at_of = |n: u64| at + (n / 20) as i64;
    let kept: Vec<Value> =
        (1..=60).map(|n| event(&ann, n, at_of(n), json!({"event": format!("kept-{n}")}))).collect();
    tell(&service, &kept).await;
    for n in 1..=60 {
        store(&service, &ann, occupied(&format!("webhook-{n}"), at_of(n))).await;
    }
    let whole = history(&ann, "limit=200").await;
    let whole = whole["items"].as_array().unwrap();
    let place = |item: &Value| (item["at_ms"].as_i64(), item["id"].as_str().map(str::to_owned));
    assert_eq!(whole.len(), 120);
    assert!(whole.is_sorted_by(|a, b| place(a) > place(b)), "newest first");
    for limit in [1, 7, 19, 20, 60, 119, 120] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = history(&ann, &format!("limit={limit}{cursor}")).await;
            found.extend(page["items"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(&found, whole, "{limit} at once");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn looking_ends_at_one_place_in_both(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut tx = service.state.db.service().await.unwrap();
    for hay in [
        "INSERT INTO live_events (app_id, at, id, organisation_id, kind, channel, event, ends_at)
         SELECT $1, now() - make_interval(secs => n / 100.0), gen_random_uuid(), $2, 'published',
                'hay', 'e', now() + interval '1 hour'
         FROM generate_series(1, 11000) n",
        // Counts are told to those who ask for them, and here to nobody.
        "INSERT INTO webhook_messages (id, organisation_id, app_id, type, channel, data, at)
         SELECT gen_random_uuid(), $2, $1,
                CASE WHEN n % 1000 = 0 THEN 'cache_miss' ELSE 'subscription_count' END,
                CASE n WHEN 11000 THEN 'needle' ELSE 'hay' END, '{}',
                now() - make_interval(secs => n / 100.0)
         FROM generate_series(1, 11000) n",
    ] {
        let hay = sqlx::query(hay).bind(ann.app.as_str()).bind(ann.organisation);
        hay.execute(tx.db()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let read = async |query: &str| {
        let (mut pages, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = history(&ann, &format!("{query}{cursor}")).await;
            pages.push(names(&page).len());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break pages,
            }
        }
    };
    assert_eq!(read("channel=needle").await, [0, 1]);
    assert_eq!(read("event=cache_miss").await, [10, 1]);
    assert_eq!(read("kinds=webhook").await, [11]);
    assert_eq!(read("kinds=published,webhook&limit=200").await.iter().sum::<usize>(), 11_011);
    assert_eq!(read("event=subscription_count").await, [0, 0]);
}

#[sqlx::test(migrations = "../migrations")]
async fn nobody_sees_more_than_the_app_the_plan_and_the_setting_let(db: PgPool) {
    let service = service(&db).await;
    let [ann, bob] =
        [service.sign_up("ann@example.com").await, service.sign_up("bob@example.com").await];
    store(&service, &bob, occupied("of-another", ago(9))).await;
    store_of(&service, &ann, Some("1"), occupied("of-another-app", ago(9))).await;
    let paid = Stored { kind: "invoice.paid", channel: "", data: json!({}), at_ms: ago(9) };
    store_of(&service, &ann, None, paid).await;
    assert_eq!(names(&history(&ann, "").await), own(&[]));

    let joined = |data: &str, at_ms| Stored {
        kind: "member_added",
        channel: "c",
        data: json!({"user_id": data}),
        at_ms,
    };
    store(&service, &ann, joined("early", ago(7_200))).await;
    store(&service, &ann, joined("needle", ago(60))).await;
    assert_eq!(names(&history(&ann, "").await), ["member_added"]);
    service.put_on(&ann, "growth").await;
    assert_eq!(names(&history(&ann, "").await), ["member_added", "member_added"]);
    assert_eq!(names(&history(&ann, "q=needle").await), ["member_added"]);

    let set = async |value: &str| {
        let settings = json!({"settings": {"live_history": value}});
        ann.patch(&ann.of_app(""), settings).await.expect(200);
    };
    set("without_data").await;
    let item = history(&ann, "limit=1").await["items"][0].clone();
    assert_eq!((&item["data"], &item["data_bytes"]), (&Value::Null, &json!(20)));
    assert_eq!(names(&history(&ann, "q=needle").await), own(&[]), "nor found by it");
    set("off").await;
    let page = history(&ann, "").await;
    assert_eq!((names(&page), &page["kept"]), (own(&[]), &json!("off")));
}
