//! The two long answers: a snapshot, and the feed that never ends.

use super::store;
use crate::{
    api::ndjson::{Cut, Lines, lines},
    db::patiently,
    gateways, plans,
    state::State,
};
use actix_web::{Error, web::Bytes};
use contract::directory::{At, Change, End, FeedLine, Revision, SnapshotLine};
use futures_util::{Stream, StreamExt, pin_mut};
use std::{sync::Arc, time::Duration};

/// A heartbeat this often when nothing happens; it also keeps the gateway's registration alive.
const HEARTBEAT: Duration = Duration::from_secs(2);
const BATCH: i64 = 500;

/// Everything a gateway needs, consistent at one revision. A stream that ends without its last
/// line was cut off, and the gateway does not use it.
pub fn snapshot(state: Arc<State>) -> impl Stream<Item = Result<Bytes, Error>> {
    let (lines, body) = lines();
    tokio::spawn(async move {
        if let Err(error) = write_snapshot(&state, lines).await {
            tracing::error!(%error, "snapshot cut off");
        }
    });
    body
}

async fn write_snapshot(state: &State, mut lines: Lines) -> Result<(), sqlx::Error> {
    let mut tx = state.db.service_at_one_instant().await?;
    let revision = store::head(&mut tx).await?;
    let plans = plans::store::versions(&mut tx).await?;
    let start = SnapshotLine::Start { snapshot: At { revision } };
    let mut records = 0;
    let written: Result<(), Cut> = async {
        lines.write(&start).await?;
        records += copy(store::apps(&mut tx, &plans), &mut lines).await?;
        records += copy(store::secret_keys(&mut tx), &mut lines).await?;
        records += copy(store::publishable_keys(&mut tx), &mut lines).await?;
        lines.write(&SnapshotLine::End { end: End { revision, records } }).await?;
        lines.flush().await
    }
    .await;
    if written.is_err() {
        tracing::warn!("a gateway left its snapshot unread");
    }
    tx.commit().await
}

/// Copies records out. One that this version cannot read is left out and cried over: it must not
/// keep every gateway from starting.
async fn copy(
    records: impl Stream<Item = Result<Change, sqlx::Error>>,
    lines: &mut Lines,
) -> Result<u64, Cut> {
    pin_mut!(records);
    let mut copied = 0;
    while let Some(record) = records.next().await {
        match record {
            Ok(change) => {
                lines.write(&change).await?;
                copied += 1;
            }
            Err(error @ (sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. })) => {
                tracing::error!(%error, "a record does not decode and is left out");
            }
            Err(error) => {
                tracing::error!(%error, "snapshot cut off");
                return Err(Cut);
            }
        }
    }
    Ok(copied)
}

/// Every change after `after`, then every one to come.
pub fn follow(
    state: Arc<State>,
    gateway: gateways::model::Registration,
    after: Revision,
) -> impl Stream<Item = Result<Bytes, Error>> {
    let (lines, body) = lines();
    tokio::spawn(async move {
        let mut closing = state.closing.subscribe();
        tokio::select! {
            _ = write_feed(&state, &gateway, after, lines) => {}
            _ = closing.wait_for(|closing| *closing) => {}
        }
        tracing::info!(gateway.id = %gateway.id, "gateway left the feed");
    });
    body
}

async fn write_feed(
    state: &State,
    gateway: &gateways::model::Registration,
    mut after: Revision,
    mut lines: Lines,
) -> Result<(), Cut> {
    let mut changes = state.feed.changes();
    let mut greet = true;
    loop {
        // Marked as seen before looking, so that a change committed meanwhile wakes again.
        changes.borrow_and_update();
        let more = match patiently(next_batch(state, after)).await {
            Ok(batch) => batch,
            // Without the database nothing can change; the gateway goes on with what it has.
            Err(error) => {
                tracing::warn!(%error, "cannot read the feed");
                Vec::new()
            }
        };
        for line in &more {
            if line.revision != after + 1 {
                tracing::warn!(gateway.id = %gateway.id, "the feed was pruned under a gateway");
                return Err(Cut);
            }
            let revision = line.revision;
            let entry = format!(r#"{{"revision":{revision},"change":{}}}"#, line.payload);
            lines.write_text(&entry).await?;
            after = line.revision;
        }
        if greet || more.is_empty() {
            lines.write(&FeedLine::Heartbeat { heartbeat: At { revision: after } }).await?;
            greet = false;
        }
        lines.flush().await?;
        if more.len() == BATCH as usize {
            continue;
        }
        let woken = tokio::time::timeout(HEARTBEAT, changes.changed()).await;
        if woken.is_err()
            && let Err(error) = patiently(gateways::store::touch(&state.db, gateway)).await
        {
            tracing::warn!(%error, "cannot keep a gateway's registration alive");
        }
    }
}

async fn next_batch(state: &State, after: Revision) -> Result<Vec<store::Line>, sqlx::Error> {
    let mut tx = state.db.service().await?;
    let lines = store::after(&mut tx, after, BATCH).await?;
    tx.commit().await?;
    Ok(lines)
}
