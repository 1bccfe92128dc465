//! Where gateways tell what they kept of the live events. Not part of the public API.

use super::store;
use crate::{
    api::{ApiError, Body},
    gateways::caller::GatewayCaller,
    leases::model::Holder,
    refusals::model::moment,
    state::State,
};
use actix_web::{HttpResponse, web, web::Data};
use contract::{
    AppId,
    live::{KeptBatch, LiveEvent, LiveKind},
};
use std::borrow::Cow;
use time::OffsetDateTime;

/// Texts that gateways choose are cut at this many bytes.
const MAX_WORD: usize = 64;

pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/internal/v1/live-events", web::post().to(take));
}

async fn take(state: Data<State>, _: GatewayCaller, body: Body) -> Result<HttpResponse, ApiError> {
    let sent = body.json_up_to::<KeptBatch>(KeptBatch::MAX_BYTES).await?.value;
    let batch = Batch::parse(sent)?;
    store::take(&state.db, batch).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A gateway's batch, checked.
pub struct Batch {
    pub holder: Holder,
    pub events: Vec<Told>,
}

/// An event that fits the database.
#[derive(Clone, Debug)]
pub struct Told {
    pub app: AppId,
    pub seq: i64,
    pub at: OffsetDateTime,
    pub dialect: Option<String>,
    pub what: LiveKind,
}

impl Batch {
    /// Errors: names that no gateway has, too many events, numbers that do not grow, a time that
    /// is none.
    pub fn parse(batch: KeptBatch) -> Result<Self, ApiError> {
        let holder = Holder::parse(batch.gateway, batch.boot)?;
        if batch.events.len() > KeptBatch::MAX_EVENTS {
            let max = KeptBatch::MAX_EVENTS;
            return Err(ApiError::field("events", format!("has more than {max} entries")));
        }
        let mut events = Vec::with_capacity(batch.events.len());
        let mut before = 0;
        for (n, kept) in batch.events.into_iter().enumerate() {
            let seq = i64::try_from(kept.seq).ok().filter(|seq| *seq > before);
            let seq = seq.ok_or_else(|| {
                ApiError::field(format!("events[{n}].seq"), "must be greater than the one before")
            })?;
            let at = moment(kept.event.at_ms)
                .ok_or_else(|| ApiError::field(format!("events[{n}].at_ms"), "is not a time"))?;
            before = seq;
            let dialect = kept.event.dialect.map(Cow::into_owned);
            let dialect = dialect.map(|dialect| tidy(dialect, MAX_WORD));
            events.push(Told { app: kept.app, seq, at, dialect, what: tidied(kept.event.what) });
        }
        Ok(Self { holder, events })
    }
}

fn tidied(mut what: LiveKind) -> LiveKind {
    let cut = |text: &mut String, most| *text = tidy(std::mem::take(text), most);
    match &mut what {
        LiveKind::Published { data, .. } | LiveKind::ClientEvent { data, .. } => {
            data.iter_mut().for_each(|data| cut(data, LiveEvent::MAX_KEPT_DATA_BYTES));
        }
        LiveKind::Refused { source, code, message, request_id } => {
            cut(message, LiveEvent::MAX_KEPT_MESSAGE_BYTES);
            for word in [Some(source), Some(code), request_id.as_mut()].into_iter().flatten() {
                cut(word, MAX_WORD);
            }
        }
        LiveKind::ConnectionOpened { .. }
        | LiveKind::ConnectionClosed { .. }
        | LiveKind::Subscribed { .. }
        | LiveKind::Unsubscribed { .. }
        | LiveKind::Dropped { .. } => {}
    }
    what
}

/// Postgres holds no zero bytes, and nobody reads a page of one event.
fn tidy(mut text: String, most: usize) -> String {
    if text.contains('\0') {
        text = text.replace('\0', "\u{fffd}");
    }
    text.truncate(text.floor_char_boundary(most));
    text
}
