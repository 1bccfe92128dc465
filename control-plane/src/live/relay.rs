//! From the gateways' live streams into one bounded queue.

use crate::{db::patiently, gateways, state::State};
use actix_web::web::Bytes;
use contract::{AppId, live::LiveEvent};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinSet};

/// How often to look for gateways that came or went.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// Longest line of a live stream: an event's data escaped at its worst, and its names.
const MAX_LINE_BYTES: usize = LiveEvent::MAX_DATA_BYTES * 6 + 8 * 1024;

/// Where the relays put what they read.
#[derive(Clone)]
pub struct Outlet {
    pub events: mpsc::Sender<String>,
    /// Events that found the queue full.
    pub dropped: Arc<AtomicU64>,
}

impl Outlet {
    fn put(&self, line: String) {
        if self.events.try_send(line).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Keeps one stream open per live gateway. Ends when it is dropped, and its streams with it.
pub async fn run(state: Arc<State>, app: AppId, outlet: Outlet) {
    let mut streams = JoinSet::new();
    let mut open: HashMap<tokio::task::Id, String> = HashMap::new();
    loop {
        match patiently(gateways::store::live(&state.db)).await {
            Ok(live) => {
                for gateway in live {
                    if !open.values().any(|id| *id == gateway.id) {
                        let stream = read_stream(
                            state.clone(),
                            gateway.ops_url,
                            app.clone(),
                            outlet.clone(),
                        );
                        let task = streams.spawn(stream);
                        open.insert(task.id(), gateway.id);
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "cannot list gateways for a live view"),
        }
        tokio::time::sleep(LOOK_EVERY).await;
        while let Some(ended) = streams.try_join_next_with_id() {
            let id = ended.map_or_else(|e| e.id(), |(id, ())| id);
            open.remove(&id);
        }
    }
}

async fn read_stream(state: Arc<State>, ops_url: String, app: AppId, outlet: Outlet) {
    if let Err(error) = try_read_stream(&state, &ops_url, &app, &outlet).await {
        tracing::info!(error = %error.without_url(), gateway.ops_url = ops_url, "live stream ended");
    }
}

async fn try_read_stream(
    state: &State,
    ops_url: &str,
    app: &AppId,
    outlet: &Outlet,
) -> Result<(), reqwest::Error> {
    let mut response = state
        .live_http
        .get(format!("{ops_url}/internal/v1/apps/{app}/live"))
        .bearer_auth(state.gateway_token.expose())
        .send()
        .await?
        .error_for_status()?;
    let mut lines = Lines::default();
    while let Some(chunk) = response.chunk().await? {
        lines.push(&chunk, |line| outlet.put(line));
    }
    Ok(())
}

/// Cuts chunks into lines and lets only live events through.
#[derive(Default)]
pub struct Lines {
    partial: Vec<u8>,
    skipping: bool,
}

impl Lines {
    pub fn push(&mut self, chunk: &Bytes, mut put: impl FnMut(String)) {
        for piece in chunk.split_inclusive(|b| *b == b'\n') {
            let (text, ends) = match piece.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (piece, false),
            };
            if self.partial.len() + text.len() > MAX_LINE_BYTES {
                self.skipping = true;
                self.partial.clear();
            }
            if !self.skipping {
                self.partial.extend_from_slice(text);
            }
            if ends {
                let line = std::mem::take(&mut self.partial);
                if !std::mem::take(&mut self.skipping)
                    && serde_json::from_slice::<LiveEvent>(&line).is_ok()
                    && let Ok(line) = String::from_utf8(line)
                {
                    put(line);
                }
            }
        }
    }
}
