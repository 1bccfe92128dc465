//! Where gateways tell what happens on channels. Not part of the public API.

use super::{
    events::EventType,
    fan_out::{self, News, Source},
    runtime::Target,
};
use crate::{
    api::{ApiError, Body},
    db::Db,
    gateways::caller::GatewayCaller,
    leases::model::Holder,
    state::State,
};
use actix_web::{HttpResponse, web, web::Data};
use contract::webhooks::{ChannelEvent, ChannelEventBatch, Happening};
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap, HashSet};
use time::OffsetDateTime;
use uuid::Uuid;

pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/internal/v1/channel-events", web::post().to(take));
}

async fn take(state: Data<State>, _: GatewayCaller, body: Body) -> Result<HttpResponse, ApiError> {
    let sent = body.json_up_to::<ChannelEventBatch>(ChannelEventBatch::MAX_BYTES).await?.value;
    let batch = Batch::parse(sent)?;
    let told = batch.events.len();
    let targets = store(&state.db, batch).await?;
    state.telemetry.intake.channel_events.add(told);
    state.webhooks.wake(targets);
    Ok(HttpResponse::NoContent().finish())
}

/// A gateway's batch, checked.
pub struct Batch {
    holder: Holder,
    events: Vec<(ChannelEvent, i64, OffsetDateTime)>,
}

impl Batch {
    /// Errors: names that no gateway has, too many events, numbers that do not grow, a time that
    /// is none.
    pub fn parse(batch: ChannelEventBatch) -> Result<Self, ApiError> {
        let holder = Holder::parse(batch.gateway, batch.boot)?;
        if batch.events.len() > ChannelEventBatch::MAX_EVENTS {
            let max = ChannelEventBatch::MAX_EVENTS;
            return Err(ApiError::field("events", format!("has more than {max} entries")));
        }
        let mut events = Vec::with_capacity(batch.events.len());
        let mut before = 0;
        for (n, event) in batch.events.into_iter().enumerate() {
            let seq = i64::try_from(event.seq).ok().filter(|seq| *seq > before);
            let seq = seq.ok_or_else(|| {
                ApiError::field(format!("events[{n}].seq"), "must be greater than the one before")
            })?;
            let at = moment(event.at_ms)
                .ok_or_else(|| ApiError::field(format!("events[{n}].at_ms"), "is not a time"))?;
            before = seq;
            events.push((event, seq, at));
        }
        Ok(Self { holder, events })
    }
}

fn moment(ms: u64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok()
}

/// Stores a batch and says who has something to be told.
pub async fn store(db: &Db, batch: Batch) -> Result<HashSet<Target>, sqlx::Error> {
    if batch.events.is_empty() {
        return Ok(HashSet::new());
    }
    let mut tx = db.service().await?;
    let owners = owners(&mut tx, &batch).await?;
    let told = batch.events.len();
    let news: Vec<News> = batch
        .events
        .into_iter()
        // What a single user is told is nobody else's business.
        .filter(|(event, ..)| event.channel.user().is_none())
        .filter_map(|(event, seq, at)| {
            Some(News {
                id: Uuid::now_v7(),
                organisation: *owners.get(event.app.as_str())?,
                app: Some(event.app.as_str().to_owned()),
                event: EventType::OfChannel(event.what.kind()),
                channel: Some(event.channel.as_str().to_owned()),
                at,
                data: said(event.what),
                source: Some(Source {
                    gateway: batch.holder.gateway.clone(),
                    boot: batch.holder.boot.clone(),
                    seq,
                }),
            })
        })
        .collect();
    let stored = fan_out::store(&mut tx, &news).await?;
    tx.commit().await?;
    tracing::debug!(
        gateway.id = batch.holder.gateway,
        events = told,
        of_nobody = told - news.len(),
        messages = stored.messages,
        deliveries = stored.deliveries,
        "channel events taken"
    );
    Ok(stored.targets)
}

/// The organisations of the apps that are still there.
async fn owners(
    tx: &mut crate::db::ServiceTx,
    batch: &Batch,
) -> Result<HashMap<String, Uuid>, sqlx::Error> {
    let apps: BTreeSet<&str> = batch.events.iter().map(|(e, ..)| e.app.as_str()).collect();
    let apps: Vec<String> = apps.into_iter().map(str::to_owned).collect();
    let rows = sqlx::query!(
        "SELECT id, organisation_id FROM apps WHERE id = ANY($1) AND deleted_at IS NULL",
        &apps,
    )
    .fetch_all(tx.db())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.organisation_id)).collect())
}

/// What an event says beside its type and channel, under the names of spec/pusher.md §17.2.
fn said(what: Happening) -> Map<String, Value> {
    let said = match what {
        Happening::ChannelOccupied | Happening::ChannelVacated | Happening::CacheMiss => json!({}),
        Happening::MemberAdded { user_id } | Happening::MemberRemoved { user_id } => {
            json!({"user_id": user_id})
        }
        Happening::ClientEvent { event, data, socket_id, user_id: None } => {
            json!({"event": event, "data": data, "socket_id": socket_id})
        }
        Happening::ClientEvent { event, data, socket_id, user_id: Some(user_id) } => {
            json!({"event": event, "data": data, "socket_id": socket_id, "user_id": user_id})
        }
        Happening::SubscriptionCount { subscription_count } => {
            json!({"subscription_count": subscription_count})
        }
    };
    match said {
        Value::Object(said) => said,
        _ => Map::new(),
    }
}
