//! What is kept, what is counted, and how it gets to the control plane.

mod keeping;
mod reporting;

use super::*;
use crate::{dialects::pusher::fixtures, state::Gateway};
use contract::{LiveHistory, directory::AppRecord};
use std::sync::Arc;

fn kept_for(hours: u32) -> impl FnOnce(&mut AppRecord) {
    move |record| record.plan.live_hours = hours
}

fn gateway_with(change: impl FnOnce(&mut AppRecord)) -> (Arc<Gateway>, Arc<App>) {
    let gateway = fixtures::gateway(fixtures::directory(change));
    let app = gateway.directory.app_by_path(fixtures::APP).expect("the app is known");
    (gateway, app)
}

fn published(place: &Place, data: &str) -> LiveKind {
    LiveKind::Published {
        channel: "news".parse().unwrap(),
        event: "e".parse().unwrap(),
        data: place.payload(data),
        data_bytes: data.len() as u64,
    }
}

/// What waits in the ring: kept events, and how many were only counted.
fn tally(live: &Live) -> (u64, u64) {
    let (mut kept, mut dropped) = (0, 0);
    for waiting in live.ring.take(usize::MAX) {
        match waiting.event.what {
            LiveKind::Dropped { count } => dropped += count,
            _ => kept += 1,
        }
    }
    (kept, dropped)
}
