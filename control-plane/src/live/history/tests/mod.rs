//! Events as gateways tell them, and as they are read back.

mod forgetting;
mod intake;
mod reading;
mod webhooks;

use crate::testing::{Answer, Customer, Service};
use reqwest::Method;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

fn ms(at: OffsetDateTime) -> i64 {
    (at.unix_timestamp_nanos() / 1_000_000) as i64
}

/// So many seconds ago, as a gateway says it.
fn ago(seconds: i64) -> i64 {
    ms(OffsetDateTime::now_utc() - Duration::seconds(seconds))
}

/// The same as a parameter says it.
fn ago_text(seconds: i64) -> String {
    let at = OffsetDateTime::now_utc() - Duration::seconds(seconds);
    at.format(&Rfc3339).unwrap().replace('+', "%2B")
}

/// One event of an app: `more` is laid over a publish on `news`.
fn event(who: &Customer, seq: u64, at_ms: i64, more: Value) -> Value {
    let mut event = json!({"app": who.app, "seq": seq, "at_ms": at_ms, "dialect": "pusher",
                           "kind": "published", "channel": "news", "event": "e",
                           "data": "{\"n\":1}", "data_bytes": 7});
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

async fn tell_as(service: &Service, boot: &str, events: &[Value]) -> Answer {
    let body = json!({"gateway": "gw", "boot": boot, "events": events});
    Answer::of(service.as_gateway(Method::POST, "/internal/v1/live-events").json(&body)).await
}

async fn tell(service: &Service, events: &[Value]) {
    tell_as(service, "b-1", events).await.expect(204);
}

async fn history(who: &Customer, query: &str) -> Value {
    who.get(&who.of_app(&format!("/live/history?{query}"))).await.expect(200)
}

/// The events' names, or how many were left out.
fn names(page: &Value) -> Vec<String> {
    let name = |item: &Value| match item["kind"].as_str() {
        Some("dropped") => format!("and {}", item["count"]),
        Some("published" | "client_event" | "webhook") => {
            item["event"].as_str().unwrap().to_owned()
        }
        kind => kind.unwrap().to_owned(),
    };
    page["items"].as_array().unwrap().iter().map(name).collect()
}

async fn count(service: &Service) -> i64 {
    let mut tx = service.state.db.service().await.unwrap();
    sqlx::query_scalar("SELECT count(*) FROM live_events").fetch_one(tx.db()).await.unwrap()
}

/// Has the jobs run that wait for a while.
async fn run_later_jobs(service: &Service) {
    let mut tx = service.state.db.service().await.unwrap();
    sqlx::query("UPDATE jobs SET run_at = now() WHERE kind = 'forget_live'")
        .execute(tx.db())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    service.run_jobs().await;
}
