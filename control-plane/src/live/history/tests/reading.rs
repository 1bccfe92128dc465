use super::*;
use crate::testing::service;
use sqlx::PgPool;

/// A little of everything, oldest first, a minute apart.
async fn given_a_day(service: &Service, who: &Customer) {
    let told = [
        json!({"kind": "connection_opened", "socket_id": "1.2", "dialect": "relay"}),
        json!({"kind": "subscribed", "channel": "private-orders-7", "socket_id": "1.2", "user_id": "Ann",
               "dialect": "relay"}),
        json!({"event": "order.placed", "channel": "private-orders-7", "data": "{\"to\":\"Köln\"}"}),
        json!({"kind": "client_event", "event": "client-typing", "channel": "private-orders-7",
               "data": "100% a_b", "socket_id": "1.2", "dialect": "relay"}),
        json!({"event": "order.paid", "channel": "shop/7", "dialect": "metered", "data": "9"}),
        json!({"kind": "dropped", "count": 12}),
        json!({"kind": "refused", "source": "http", "code": "rate_limited", "message": "Slow down",
               "request_id": "r-1", "dialect": "anycable"}),
        json!({"kind": "unsubscribed", "channel": "private-orders-7", "socket_id": "1.2", "dialect": "relay"}),
        json!({"kind": "connection_closed", "socket_id": "1.2", "dialect": "relay"}),
    ];
    let events: Vec<Value> = told
        .into_iter()
        .enumerate()
        .map(|(n, more)| {
            let base = json!({"app": who.app, "seq": n + 1, "at_ms": ago(3_000 - 60 * n as i64)});
            let published = json!({"kind": "published", "dialect": "pusher", "data_bytes": 13});
            let mut event = base;
            for part in [published, more] {
                event.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
            }
            event
        })
        .collect();
    tell(service, &events).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn events_are_read_back_as_they_were_shown(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    given_a_day(&service, &ann).await;
    let page = history(&ann, "").await;
    assert_eq!((&page["next_cursor"], &page["kept"]), (&Value::Null, &json!("with_data")));
    let mut items: Vec<Value> = page["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 9);
    let ids: std::collections::HashSet<String> =
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 9);
    for item in &mut items {
        let item = item.as_object_mut().unwrap();
        item.remove("id");
        assert!(item.remove("at_ms").unwrap().as_i64().unwrap() > ago(3_600));
    }
    assert_eq!(
        items[2],
        json!({"kind": "refused", "source": "http", "code": "rate_limited", "message": "Slow down",
               "request_id": "r-1", "dialect": "anycable"})
    );
    assert_eq!(
        items[5],
        json!({"kind": "client_event", "event": "client-typing", "channel": "private-orders-7",
               "data": "100% a_b", "data_bytes": 13, "socket_id": "1.2", "dialect": "relay"})
    );
    assert_eq!(
        items[7],
        json!({"kind": "subscribed", "channel": "private-orders-7", "socket_id": "1.2",
               "user_id": "Ann", "dialect": "relay"})
    );
    let hour_ago = OffsetDateTime::now_utc() - Duration::HOUR;
    let reaches_to = OffsetDateTime::parse(page["reaches_to"].as_str().unwrap(), &Rfc3339).unwrap();
    assert!((reaches_to - hour_ago).abs() < Duration::MINUTE, "{reaches_to}");
}

#[sqlx::test(migrations = "../migrations")]
async fn filters_leave_the_count_of_what_is_missing(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    given_a_day(&service, &ann).await;
    let (placed, typing, paid) = ("order.placed", "client-typing", "order.paid");
    for (query, expected) in [
        ("kinds=published", vec![paid, placed]),
        ("kinds=published,client_event", vec![paid, typing, placed]),
        ("kinds=dropped", vec![]),
        ("channel=shop/7", vec![paid]),
        ("channel=shop/*", vec![paid]),
        ("channel=SHOP/*", vec![paid]),
        ("channel=Shop/7", vec![]),
        ("channel=shop*", vec![]),
        ("channel=**", vec!["unsubscribed", paid, typing, placed, "subscribed"]),
        ("channel=private-orders-*&kinds=subscribed", vec!["subscribed"]),
        ("event=order.*", vec![paid, placed]),
        ("event=order.paid", vec![paid]),
        ("event=**PA**", vec![paid]),
        ("event=order_paid", vec![]),
        ("socket_id=1.2&kinds=connection_closed,client_event", vec!["connection_closed", typing]),
        ("socket_id=1.3", vec![]),
        ("dialect=metered", vec![paid]),
        ("q=k%C3%B6ln", vec![placed]),
        ("q=%25%20A_B", vec![typing]),
        ("q=slow", vec!["refused"]),
        ("q=R-1", vec!["refused"]),
        ("q=ann", vec!["subscribed"]),
        (
            "q=",
            vec![
                "connection_closed",
                "unsubscribed",
                "refused",
                paid,
                typing,
                placed,
                "subscribed",
                "connection_opened",
            ],
        ),
        ("q=nowhere", vec![]),
    ] {
        let mut found = names(&history(&ann, query).await);
        assert_eq!(found.iter().filter(|name| *name == "and 12").count(), 1, "{query}");
        found.retain(|name| name != "and 12");
        assert_eq!(found, expected, "{query}");
    }
    let since = history(&ann, &format!("from={}&kinds=published", ago_text(2_790))).await;
    assert_eq!(names(&since), ["and 12", paid]);
    let before = history(&ann, &format!("until={}", ago_text(2_910))).await;
    assert_eq!(names(&before), ["subscribed", "connection_opened"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn questions_that_make_no_sense_name_their_parameter(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let long = format!("q={}", "x".repeat(201));
    for (query, field) in [
        ("kinds=unheard_of", "kinds"),
        ("kinds=", "kinds"),
        ("channel=", "channel"),
        ("event=", "event"),
        ("socket_id=1", "socket_id"),
        ("dialect=esperanto", "dialect"),
        ("q=%00", "q"),
        (long.as_str(), "q"),
        ("from=yesterday", "query"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("cursor=nonsense", "cursor"),
        // A place in another list.
        ("cursor=MTcwMDAwMDAwMDAwMDAwMDphOmI", "cursor"),
        ("unheard=1", "query"),
    ] {
        let answer = ann.get(&ann.of_app(&format!("/live/history?{query}"))).await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{query}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn pages_follow_each_other_without_gap_or_overlap(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    // Several within a millisecond keep the order in which they were told.
    let at = ago(30);
    let events: Vec<Value> = (1..=250)
        .map(|n| event(&ann, n, at + (n / 100) as i64, json!({"event": format!("e{n}")})))
        .collect();
    tell(&service, &events).await;
    let expected: Vec<String> = (1..=250).rev().map(|n| format!("e{n}")).collect();
    for (limit, pages) in [("limit=200", 2), ("limit=7", 36), ("", 3), ("limit=200&channel=n*", 2)]
    {
        let (mut found, mut cursor, mut read) = (Vec::new(), String::new(), 0);
        loop {
            let page = history(&ann, &format!("{limit}{cursor}")).await;
            found.extend(names(&page));
            read += 1;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!((&found, read), (&expected, pages), "{limit}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_page_that_finds_little_ends_early_and_leads_on(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut tx = service.state.db.service().await.unwrap();
    sqlx::query(
        "INSERT INTO live_events (app_id, at, id, organisation_id, kind, channel, event, ends_at)
         SELECT $1, now() - make_interval(secs => n / 100.0), gen_random_uuid(), $2, 'published',
                CASE n WHEN 25000 THEN 'needle' ELSE 'hay' END, 'e', now() + interval '1 hour'
         FROM generate_series(1, 25000) n",
    )
    .bind(ann.app.as_str())
    .bind(ann.organisation)
    .execute(tx.db())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let first = history(&ann, "channel=needle").await;
    assert!(names(&first).is_empty());
    let cursor = first["next_cursor"].as_str().expect("there is more");
    let second = history(&ann, &format!("channel=needle&cursor={cursor}")).await;
    assert_eq!((names(&second).len(), &second["next_cursor"]), (1, &Value::Null));
    let third = history(&ann, "channel=hay&limit=1").await;
    assert_eq!(names(&third), ["e"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_plan_says_how_far_back_one_sees(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let told = [
        event(&ann, 1, ago(90_000), json!({"event": "yesterday"})),
        event(&ann, 2, ago(7_200), json!({"event": "early"})),
        event(&ann, 3, ago(60), json!({"event": "now"})),
    ];
    service.put_on(&ann, "growth").await;
    tell(&service, &told).await;
    assert_eq!(names(&history(&ann, "").await), ["now", "early"]);
    assert_eq!(names(&history(&ann, "from=2020-01-01T00:00:00Z").await), ["now", "early"]);
    service.put_on(&ann, "free").await;
    assert_eq!(names(&history(&ann, "").await), ["now"]);
    let plans = service.request(Method::GET, "/v1/plans").send().await.unwrap();
    let plans = plans.json::<Value>().await.unwrap();
    let hours = plans["items"].as_array().unwrap().iter();
    let hours: Vec<i64> =
        hours.map(|plan| plan["limits"]["live_hours"].as_i64().unwrap()).collect();
    assert_eq!(hours, [1, 24, 24, 24]);
    // A plan without any keeps nothing.
    sqlx::query("SELECT add_plan_version('free', '{\"live_hours\": 0}')")
        .execute(&db)
        .await
        .unwrap();
    let bob = service.sign_up("bob@example.com").await;
    tell(&service, &[event(&bob, 4, ago(1), json!({}))]).await;
    let page = history(&bob, "").await;
    assert_eq!((names(&page), &page["kept"]), (vec![], &json!("off")));
}
