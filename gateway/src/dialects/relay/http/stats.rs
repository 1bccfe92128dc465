//! What may be asked without naming an app. Source: spec/relay.md §2.9, §2.10.

use super::answer::{Failure, Success};
use crate::{
    dialects::{
        desk::{Answer, Call},
        relay::member::push_text,
    },
    hub::clock,
    state::Gateway,
};
use actix_web::http::StatusCode;
use contract::Action;
use std::{
    fmt::Write,
    sync::{Mutex, PoisonError},
};

/// Channels of one app that are counted one by one.
const MAX_COUNTED: usize = 100_000;

/// `GET /stats` of anybody: the sums of this gateway, and nobody's name.
pub fn totals(gateway: &Gateway) -> Answer {
    Answer::json(StatusCode::OK, with_apps(gateway, ""))
}

/// `GET /stats` with an app's credential: that app, and only that.
pub async fn of_app(call: &Call<'_>) -> Result<Success, Failure> {
    call.admitted.require(Action::UsageRead)?;
    call.admitted.charge_read()?;
    let app = &call.admitted.app;
    let channels = call.gateway.router.channels(&app.id, "", MAX_COUNTED).await?.channels.len();
    let mut shown = String::from(r#"{"id":"#);
    push_text(&mut shown, app.id.as_str());
    if let Some(credential) = call.admitted.state.credentials.first() {
        shown.push_str(r#","key":"#);
        push_text(&mut shown, credential.key.as_str());
    }
    let connections = app.connections.open();
    // Writing to a string does not fail.
    let _ = write!(shown, r#","connections":{connections},"channels":{channels}}}"#);
    Ok(with_apps(call.gateway, &shown).into())
}

fn with_apps(gateway: &Gateway, apps: &str) -> String {
    let count = || Counts {
        connections: gateway.directory.apps().iter().map(|a| u64::from(a.connections.open())).sum(),
        channels: gateway.router.stats().occupied_channels(),
    };
    let Counts { connections, channels } = gateway.relay.totals.get(clock::unix_ms(), count);
    format!(r#"{{"connections":{connections},"channels":{channels},"apps":[{apps}]}}"#)
}

/// The whole gateway's counts, taken at most once a second however often strangers ask.
#[derive(Debug, Default)]
pub struct Totals(Mutex<Option<Taken>>);

#[derive(Clone, Copy, Debug)]
struct Taken {
    at_ms: u64,
    counts: Counts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    pub connections: u64,
    pub channels: u64,
}

impl Totals {
    const FRESH_MS: u64 = 1_000;

    pub fn get(&self, now_ms: u64, take: impl FnOnce() -> Counts) -> Counts {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *taken {
            Some(Taken { at_ms, counts }) if now_ms.abs_diff(at_ms) < Self::FRESH_MS => counts,
            _ => {
                let counts = take();
                *taken = Some(Taken { at_ms: now_ms, counts });
                counts
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cause_one_count_a_second() {
        let totals = Totals::default();
        let counted = |n| Counts { connections: n, channels: 2 * n };
        assert_eq!(totals.get(5_000, || counted(1)), counted(1));
        assert_eq!(totals.get(5_999, || unreachable!("counted just now")), counted(1));
        assert_eq!(totals.get(6_000, || counted(2)), counted(2));
    }
}
