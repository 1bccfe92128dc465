//! The whole way: gateways' batches and own events in, requests to a sink out.

mod delivery;
mod health;
mod intake;
mod order;
mod own_events;
mod pruning;
mod sink;

use super::{deliverer, secret::EndpointSecret};
use crate::testing::{Answer, Customer, Service, service_with};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

pub use sink::Sink;

pub async fn service(db: &PgPool) -> Service {
    service_with(db, |settings| settings.webhooks_to_loopback = Some(true)).await
}

/// What an endpoint is to be.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub form: &'a str,
    pub of_app: bool,
    pub events: &'a [&'a str],
    pub channels: &'a [&'a str],
}

pub const PUSHER: Wanted<'_> = Wanted { form: "pusher", of_app: true, events: &[], channels: &[] };
pub const STANDARD: Wanted<'_> = Wanted { form: "standard", ..PUSHER };

pub async fn given_endpoint(
    service: &Service,
    who: &Customer,
    url: &str,
    wanted: Wanted<'_>,
) -> (Uuid, EndpointSecret) {
    let id = Uuid::now_v7();
    let secret = EndpointSecret::generate().unwrap();
    let sealed = secret.seal(&service.state.master_key, id).unwrap();
    let texts = |of: &[&str]| of.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    let mut tx = service.as_tenant(who).await;
    sqlx::query(
        "INSERT INTO webhook_endpoints
             (id, organisation_id, app_id, url, form, events, channels, sealed_secret)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(id)
    .bind(who.organisation)
    .bind(wanted.of_app.then(|| who.app.as_str().to_owned()))
    .bind(url)
    .bind(wanted.form)
    .bind(texts(wanted.events))
    .bind(texts(wanted.channels))
    .bind((wanted.form == "standard").then_some(sealed))
    .execute(tx.db())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    (id, secret)
}

/// An event of `app` as a gateway tells it.
pub fn event(who: &Customer, seq: u64, channel: &str, what: Value) -> Value {
    let mut event =
        json!({"seq": seq, "app": who.app, "channel": channel, "at_ms": 1_760_000_000_123_u64});
    if let (Value::Object(event), Value::Object(what)) = (&mut event, what) {
        event.extend(what);
    }
    event
}

pub fn occupied(who: &Customer, seq: u64, channel: &str) -> Value {
    event(who, seq, channel, json!({"name": "channel_occupied"}))
}

/// `member_added` of users that are numbered, so that their order can be seen.
pub fn joined(who: &Customer, seq: u64, channel: &str) -> Value {
    event(who, seq, channel, json!({"name": "member_added", "user_id": format!("u{seq}")}))
}

pub async fn tell(service: &Service, events: &[Value]) -> Answer {
    tell_as(service, "gw-1", events).await
}

pub async fn tell_as(service: &Service, gateway: &str, events: &[Value]) -> Answer {
    let body = json!({"gateway": gateway, "boot": "b1", "events": events});
    Answer::of(service.as_gateway(Method::POST, "/internal/v1/channel-events").json(&body)).await
}

/// A number from the database, as the service sees it.
pub async fn count(service: &Service, of: &'static str) -> i64 {
    let mut tx = service.state.db.service().await.unwrap();
    let query = format!("SELECT count(*) FROM {of}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(tx.db()).await.unwrap()
}

/// Something that the API does not offer, such as another time.
pub async fn arrange(service: &Service, statement: &'static str) {
    let mut tx = service.state.db.service().await.unwrap();
    sqlx::query(statement).execute(tx.db()).await.unwrap();
    tx.commit().await.unwrap();
}

/// As if the wait for the next try were over, and every rest.
pub async fn time_passes(service: &Service) {
    arrange(
        service,
        "UPDATE webhook_deliveries SET next_at = now(), leased_until = NULL WHERE state = 'pending'",
    )
    .await;
    arrange(service, "UPDATE webhook_endpoints SET rests_until = NULL").await;
}

pub async fn deliver(service: &Service) {
    deliverer::run_due(&service.state).await;
}
