//! What was published lately: on one channel, and in the app. Source: spec/relay.md §2.7, §2.8.

use super::{
    answer::{Failure, Success},
    channels::named,
};
use crate::dialects::{desk::Call, neutral, relay::member::push_text};
use base64::{Engine, engine::general_purpose::STANDARD};
use contract::Action;
use realtime::{Event, Sender};
use std::{fmt::Write, sync::Arc};

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 100;
/// More than any channel keeps.
const WHOLE_HISTORY: usize = 10_000;
const MAX_LOGGED: usize = 20;

/// `GET /apps/{app}/channels/{channel}/events`: newest first; `cursor` goes on where a page ended.
pub async fn channel_events(call: &Call<'_>) -> Result<Success, Failure> {
    call.admitted.require(Action::History)?;
    call.admitted.charge_read()?;
    let page = Page::read(call.request.query_string())?;
    let mut events = Vec::new();
    for channel in named(call, Action::History)? {
        let topic = call.topic(channel);
        let router = &call.gateway.router;
        events = router.history(&topic, None, WHOLE_HISTORY, call.now_ms).await?.events;
        if !events.is_empty() {
            break;
        }
    }
    events.retain(|event| page.before.is_none_or(|before| event.position.seq < before));
    let rest = events.len().saturating_sub(page.limit);
    let mut answer = String::with_capacity(64 + (events.len() - rest) * 160);
    answer.push_str(r#"{"events":["#);
    for event in events[rest..].iter().rev() {
        answer.push_str(if answer.ends_with('[') { "" } else { "," });
        push_event(&mut answer, event);
    }
    answer.push_str(r#"],"next_cursor":"#);
    match events.get(rest).filter(|_| rest > 0) {
        Some(oldest) => {
            push_text(&mut answer, &STANDARD.encode(oldest.position.seq.to_string()));
        }
        None => answer.push_str("null"),
    }
    answer.push('}');
    Ok(answer.into())
}

/// `GET /apps/{app}/events/log`: the app's own last events of every dialect, newest first.
pub async fn log(call: &Call<'_>) -> Result<Success, Failure> {
    call.admitted.require(Action::History)?;
    call.admitted.charge_read()?;
    let mut answer = String::from(r#"{"events":["#);
    let app = &call.admitted.app;
    for seen in app.counters.recent().into_iter().rev().take(MAX_LOGGED) {
        if !call.admitted.covers(&seen.channel) {
            continue;
        }
        answer.push_str(if answer.ends_with('[') { "" } else { "," });
        answer.push_str(r#"{"timestamp":"#);
        push_time(&mut answer, seen.at_ms);
        answer.push_str(r#","channel":"#);
        push_text(&mut answer, seen.channel.as_str());
        answer.push_str(r#","event":"#);
        push_text(&mut answer, seen.event.as_str());
        answer.push_str(r#","app_id":"#);
        push_text(&mut answer, app.id.as_str());
        answer.push('}');
    }
    answer.push_str("]}");
    Ok(answer.into())
}

/// Which events of a channel are asked for.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    limit: usize,
    /// Only ids below this one.
    before: Option<u64>,
}

impl Page {
    /// A limit that is no positive number means the default; a cursor that we did not give out is
    /// refused, because there is nothing to go on from.
    fn read(query: &str) -> Result<Self, Failure> {
        let mut page = Self { limit: DEFAULT_LIMIT, before: None };
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| *limit > 0);
                    page.limit = limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
                }
                "cursor" if !value.is_empty() => page.before = Some(cursor(value)?),
                _ => {}
            }
        }
        Ok(page)
    }
}

fn cursor(raw: &str) -> Result<u64, Failure> {
    let text = percent_encoding::percent_decode_str(raw).decode_utf8().ok();
    let id = text
        .and_then(|text| STANDARD.decode(text.as_ref()).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|digits| digits.parse().ok());
    id.ok_or_else(|| Failure::unprocessable("cursor is not one that this endpoint gave out"))
}

fn push_event(out: &mut String, event: &Arc<Event>) {
    out.push_str(r#"{"id":"#);
    out.push_str(itoa::Buffer::new().format(event.position.seq));
    out.push_str(r#","timestamp":"#);
    push_time(out, event.at_ms);
    out.push_str(r#","channel":"#);
    push_text(out, event.topic.channel.as_str());
    out.push_str(r#","event":"#);
    push_text(out, event.name.as_str());
    out.push_str(r#","data":"#);
    push_text(out, &neutral::text(event));
    if let (Sender::Server { .. }, Some(except)) = (&event.sender, event.except) {
        out.push_str(r#","socket_id":"#);
        push_text(out, &except.to_string());
    }
    out.push('}');
}

/// RFC 3339, UTC, whole seconds.
fn push_time(out: &mut String, unix_ms: u64) {
    let seconds = unix_ms / 1_000;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Years begin in March here, so that the leap day is a year's last.
    let z = days + 719_468;
    let day_of_era = z % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + z / 146_097 * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    // Writing to a string does not fail.
    let _ = write!(out, r#""{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z""#);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_in_whole_seconds() {
        for (unix_s, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_776_007_801, "2026-04-12T15:30:01Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            let mut out = String::new();
            push_time(&mut out, unix_s * 1_000 + 999);
            assert_eq!(out, format!("\"{expected}\""));
        }
    }

    #[test]
    fn pages_have_a_default_and_a_maximum() {
        for (query, limit, before) in [
            ("", 50, None),
            ("limit=20", 20, None),
            ("limit=100", 100, None),
            ("limit=101", 100, None),
            ("limit=0", 50, None),
            ("limit=-3", 50, None),
            ("limit=ten", 50, None),
            ("limit=2&cursor=NDE=", 2, Some(41)),
            ("cursor=NDE%3D", 50, Some(41)),
            ("cursor=", 50, None),
        ] {
            assert_eq!(Page::read(query), Ok(Page { limit, before }), "{query}");
        }
        for query in ["cursor=41", "cursor=%00", "cursor=LTE=", "cursor=!"] {
            assert!(Page::read(query).is_err(), "{query}");
        }
    }
}
