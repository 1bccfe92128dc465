use crate::testing::{Customer, Service, service};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

/// An endpoint that is left alone by the deliverer, so that what a test arranges stays.
async fn given_endpoint(service: &Service, who: &Customer) -> Uuid {
    let id: Uuid = who.create_webhook().await.parse().unwrap();
    let mut tx = service.as_tenant(who).await;
    sqlx::query("UPDATE webhook_endpoints SET rests_until = now() + interval '1 day'")
        .execute(tx.db())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    id
}

/// Deliveries of one channel, in this order and as many of each state.
async fn given_deliveries(
    service: &Service,
    who: &Customer,
    endpoint: Uuid,
    (channel, kind): (&str, &str),
    states: &[(&str, usize)],
) -> Vec<Uuid> {
    let mut tx = service.as_tenant(who).await;
    let mut ids = Vec::new();
    for state in states.iter().flat_map(|(state, count)| std::iter::repeat_n(*state, *count)) {
        let (message, delivery) = (Uuid::new_v4(), Uuid::new_v4());
        sqlx::query(
            "INSERT INTO webhook_messages (id, organisation_id, app_id, type, channel, data, at)
             VALUES ($1, $2, $3, $4, $5, $6, now())",
        )
        .bind(message)
        .bind(who.organisation)
        .bind(who.app.as_str())
        .bind(kind)
        .bind(channel)
        .bind(json!({"user_id": "u1"}))
        .execute(tx.db())
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO webhook_deliveries (id, organisation_id, endpoint_id, message_id, channel,
                 type, state, attempts, finished_at, last_status, last_error, next_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 8,
                 CASE WHEN $7 <> 'pending' THEN now() END, 500, 'answered 500',
                 now() + interval '1 hour')",
        )
        .bind(delivery)
        .bind(who.organisation)
        .bind(endpoint)
        .bind(message)
        .bind(channel)
        .bind(kind)
        .bind(state)
        .execute(tx.db())
        .await
        .unwrap();
        ids.push(delivery);
    }
    tx.commit().await.unwrap();
    ids
}

async fn given_attempt(
    service: &Service,
    who: &Customer,
    endpoint: Uuid,
    status: Option<i32>,
    deliveries: &[Uuid],
) -> Uuid {
    let (mut tx, id) = (service.as_tenant(who).await, Uuid::new_v4());
    sqlx::query(
        "INSERT INTO webhook_attempts (id, organisation_id, endpoint_id, at, duration_ms, attempt,
             events, status, error, request_headers, request_body, response_headers, response_body)
         VALUES ($1, $2, $3, clock_timestamp(), 12, 1, $4, $5, $6, $7, 'sent', $8, 'read')",
    )
    .bind(id)
    .bind(who.organisation)
    .bind(endpoint)
    .bind(i32::try_from(deliveries.len()).unwrap())
    .bind(status)
    .bind(status.is_none().then_some("no answer within 10 s"))
    .bind(json!({"Content-Type": "application/json"}))
    .bind(status.map(|_| json!({"server": "x"})))
    .execute(tx.db())
    .await
    .unwrap();
    for delivery in deliveries {
        sqlx::query("INSERT INTO webhook_attempt_deliveries VALUES ($1, $2, $3)")
            .bind(id)
            .bind(delivery)
            .bind(who.organisation)
            .execute(tx.db())
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    id
}

fn ids(page: &Value) -> Vec<Uuid> {
    let items = page["items"].as_array().expect("items").iter();
    items.map(|item| item["id"].as_str().unwrap().parse().unwrap()).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn deliveries_are_listed_newest_first_and_by_what_they_are(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let endpoint = given_endpoint(&service, &ann).await;
    let members = ("presence-a", "member_added");
    let states = [("delivered", 1), ("dead", 2), ("pending", 1)];
    let of_a = given_deliveries(&service, &ann, endpoint, members, &states).await;
    let of_b =
        given_deliveries(&service, &ann, endpoint, ("b", "cache_miss"), &[("pending", 2)]).await;
    let own = given_deliveries(&service, &ann, endpoint, ("", "key.revoked"), &[("dead", 1)]).await;
    let path = ann.of_app(&format!("/webhooks/{endpoint}/deliveries"));
    for (query, expected) in [
        ("", vec![own[0], of_b[1], of_b[0], of_a[3], of_a[2], of_a[1], of_a[0]]),
        ("?state=dead", vec![own[0], of_a[2], of_a[1]]),
        ("?state=pending&type=cache_miss", vec![of_b[1], of_b[0]]),
        ("?type=member.added&state=delivered", vec![of_a[0]]),
        ("?channel=presence-a&limit=100", vec![of_a[3], of_a[2], of_a[1], of_a[0]]),
        ("?channel=elsewhere", vec![]),
    ] {
        let page = ann.get(&format!("{path}{query}")).await.expect(200);
        assert_eq!(ids(&page), expected, "{query}");
        assert_eq!(page["next_cursor"], Value::Null, "{query}");
    }
    let page = ann.get(&format!("{path}?limit=3&channel=presence-a")).await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = format!("{path}?limit=3&channel=presence-a&cursor={cursor}");
    let rest = ann.get(&rest).await.expect(200);
    assert_eq!([ids(&page), ids(&rest)].concat(), [of_a[3], of_a[2], of_a[1], of_a[0]]);

    let page = ann.get(&format!("{path}?state=dead")).await.expect(200);
    let (own, dead) = (&page["items"][0], &page["items"][1]);
    assert_eq!((&own["channel"], &dead["channel"]), (&Value::Null, &json!("presence-a")));
    assert_eq!((&dead["type"], &dead["data"]), (&json!("member_added"), &json!({"user_id": "u1"})));
    assert_eq!((&dead["attempts"], &dead["next_at"]), (&json!(8), &Value::Null));
    assert_eq!((&dead["last_status"], &dead["last_error"]), (&json!(500), &json!("answered 500")));
    assert!(dead["finished_at"].is_string() && dead.get("place").is_none());
    for query in ["?state=lost", "?type=channel_sold", "?channel=a%01", "?limit=0", "?who=ann"] {
        ann.get(&format!("{path}{query}")).await.problem(422, "invalid");
    }
    let shown = ann.get(&ann.of_app(&format!("/webhooks/{endpoint}"))).await.expect(200);
    assert_eq!((&shown["stats"]["pending"], &shown["stats"]["dead"]), (&json!(3), &json!(3)));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_page_of_few_among_many_leads_on(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let endpoint = given_endpoint(&service, &ann).await;
    let one =
        given_deliveries(&service, &ann, endpoint, ("rare", "cache_miss"), &[("dead", 1)]).await;
    let mut tx = service.as_tenant(&ann).await;
    let many = "INSERT INTO webhook_deliveries (id, organisation_id, endpoint_id, message_id, type,
                    channel, state)
                SELECT gen_random_uuid(), organisation_id, endpoint_id, message_id, 'cache_miss',
                    'usual', 'delivered'
                FROM webhook_deliveries, generate_series(1, 10000)";
    sqlx::query(many).execute(tx.db()).await.unwrap();
    tx.commit().await.unwrap();
    let path = ann.of_app(&format!("/webhooks/{endpoint}/deliveries?channel=rare"));
    let page = ann.get(&path).await.expect(200);
    assert_eq!(ids(&page), [] as [Uuid; 0], "not looked through all at once");
    let cursor = page["next_cursor"].as_str().expect("it leads on");
    let page = ann.get(&format!("{path}&cursor={cursor}")).await.expect(200);
    assert_eq!((ids(&page), &page["next_cursor"]), (one, &Value::Null));
}

#[sqlx::test(migrations = "../migrations")]
async fn one_is_replayed_as_if_it_had_never_been_tried(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let endpoint = given_endpoint(&service, &ann).await;
    let states = [("dead", 1), ("delivered", 1), ("pending", 1)];
    let made = given_deliveries(&service, &ann, endpoint, ("a", "cache_miss"), &states).await;
    let path = ann.of_app(&format!("/webhooks/{endpoint}"));
    for id in &made {
        let replayed = format!("{path}/deliveries/{id}/replay");
        let replayed = ann.post(&replayed, json!({})).await.expect(200);
        assert_eq!((&replayed["id"], &replayed["state"]), (&json!(id), &json!("pending")));
        assert_eq!((&replayed["attempts"], &replayed["finished_at"]), (&json!(0), &Value::Null));
        assert!(replayed["next_at"].is_string());
    }
    let absent = format!("{path}/deliveries/{}/replay", Uuid::nil());
    ann.post(&absent, json!({})).await.problem(404, "not_found");
    ann.patch(&path, json!({"enabled": false})).await.expect(200);
    let one = format!("{path}/deliveries/{}/replay", made[0]);
    ann.post(&one, json!({})).await.problem(409, "webhook_disabled");
    ann.post(&format!("{path}/replay"), json!({})).await.problem(409, "webhook_disabled");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_range_is_replayed_in_its_order_and_in_parts(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let endpoint = given_endpoint(&service, &ann).await;
    let states = [("dead", 3), ("delivered", 2), ("pending", 1)];
    let made = given_deliveries(&service, &ann, endpoint, ("a", "cache_miss"), &states).await;
    let mut tx = service.as_tenant(&ann).await;
    let older =
        "UPDATE webhook_deliveries SET created_at = now() - interval '2 hours' WHERE id = $1";
    sqlx::query(older).bind(made[0]).execute(tx.db()).await.unwrap();
    tx.commit().await.unwrap();
    let path = ann.of_app(&format!("/webhooks/{endpoint}/replay"));
    for body in [
        json!({"state": "pending"}),
        json!({"state": "lost"}),
        json!({"from": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}),
        json!({"since": "yesterday"}),
    ] {
        ann.post(&path, body).await.problem(422, "invalid");
    }
    let hour_ago = time::OffsetDateTime::now_utc() - time::Duration::HOUR;
    let hour_ago = hour_ago.format(&time::format_description::well_known::Rfc3339).unwrap();
    for (body, expected) in [
        (json!({"until": "2020-01-01T00:00:00Z"}), 0),
        (json!({"until": hour_ago}), 1),
        (json!({"from": hour_ago, "state": "delivered"}), 2),
        (json!({}), 2),
        (json!({}), 0),
    ] {
        let replayed = ann.post(&path, body.clone()).await.expect(200);
        assert_eq!(replayed, json!({"replayed": expected, "more": false}), "{body}");
    }
    let mut tx = service.as_tenant(&ann).await;
    let many = "INSERT INTO webhook_deliveries (id, organisation_id, endpoint_id, message_id, type, state)
                SELECT gen_random_uuid(), d.organisation_id, d.endpoint_id, d.message_id, 'x', 'dead'
                FROM (SELECT * FROM webhook_deliveries LIMIT 1) d, generate_series(1, 10001)";
    sqlx::query(many).execute(tx.db()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        ann.post(&path, json!({})).await.expect(200),
        json!({"replayed": 10000, "more": true})
    );
    let left: Uuid = {
        let mut tx = service.as_tenant(&ann).await;
        let left = "SELECT id FROM webhook_deliveries WHERE state = 'dead'";
        sqlx::query_scalar(left).fetch_one(tx.db()).await.unwrap()
    };
    let newest = ann.get(&ann.of_app(&format!("/webhooks/{endpoint}/deliveries?limit=1"))).await;
    assert_eq!(ids(&newest.expect(200)), [left], "the oldest went first");
    let log = ann.get(&ann.of_organisation("/audit?action=webhook.replayed&limit=1")).await;
    assert_eq!(log.expect(200)["items"][0]["after"]["replayed"], 10_000);
}

#[sqlx::test(migrations = "../migrations")]
async fn attempts_show_what_was_said(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    let endpoint = given_endpoint(&service, &ann).await;
    let states = [("delivered", 1), ("pending", 1)];
    let made = given_deliveries(&service, &ann, endpoint, ("a", "cache_miss"), &states).await;
    let first = given_attempt(&service, &ann, endpoint, None, &made).await;
    let second = given_attempt(&service, &ann, endpoint, Some(200), &made[..1]).await;
    let third = given_attempt(&service, &ann, endpoint, Some(503), &made[1..]).await;
    let path = ann.of_app(&format!("/webhooks/{endpoint}"));
    for (query, expected) in [
        (String::new(), vec![third, second, first]),
        (format!("?delivery={}", made[0]), vec![second, first]),
        (format!("?delivery={}", Uuid::nil()), vec![]),
    ] {
        let page = ann.get(&format!("{path}/attempts{query}")).await.expect(200);
        assert_eq!(ids(&page), expected, "{query}");
    }
    let page = ann.get(&format!("{path}/attempts?limit=2")).await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = ann.get(&format!("{path}/attempts?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!([ids(&page), ids(&rest)].concat(), [third, second, first]);
    let item = &rest["items"][0];
    assert_eq!((&item["status"], &item["error"]), (&Value::Null, &json!("no answer within 10 s")));
    assert!(item.get("request_body").is_none(), "a list is short");

    let one = ann.get(&format!("{path}/attempts/{second}")).await.expect(200);
    assert_eq!((&one["request_body"], &one["response_body"]), (&json!("sent"), &json!("read")));
    assert_eq!(one["request_headers"], json!({"Content-Type": "application/json"}));
    assert_eq!(one["response_headers"], json!({"server": "x"}));
    let carried =
        json!([{"id": made[0], "type": "cache_miss", "channel": "a", "state": "delivered"}]);
    assert_eq!(one["deliveries"], carried);
    let unanswered = ann.get(&format!("{path}/attempts/{first}")).await.expect(200);
    assert_eq!(unanswered["response_headers"], Value::Null);
    let shown = ann.get(&path).await.expect(200);
    assert_eq!(shown["stats"]["last_status"], 503);
    assert!(shown["stats"]["last_success_at"].is_string());
    // Not even through an endpoint of one's own.
    let bobs = given_endpoint(&service, &bob).await;
    let foreign = bob.of_app(&format!("/webhooks/{bobs}/attempts/{first}"));
    bob.get(&foreign).await.problem(404, "not_found");
}
