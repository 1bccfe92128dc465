//! Reading lines that may be of a later version: what does not decode is told apart from what is
//! not a line at all.

use crate::directory::replica::Kept;
use contract::directory::{Change, End, Entry, FeedLine, Revision, SnapshotLine};
use serde_json::Value;

/// One line of the feed.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    Entry(Box<Entry>),
    Heartbeat,
    /// An entry of this revision that this version cannot use.
    Unusable(Revision),
    /// JSON, but nothing that a feed says.
    Strange,
    /// Not JSON: the stream is not to be trusted any further.
    Garbled,
}

pub fn feed_line(line: &[u8]) -> Read {
    match serde_json::from_slice(line) {
        Ok(FeedLine::Entry(entry)) => return Read::Entry(Box::new(entry)),
        Ok(FeedLine::Heartbeat { .. }) => return Read::Heartbeat,
        Err(_) => {}
    }
    match serde_json::from_slice::<Value>(line) {
        Ok(value) => match value.get("revision").and_then(Value::as_u64) {
            Some(revision) => Read::Unusable(revision),
            None => Read::Strange,
        },
        Err(_) => Read::Garbled,
    }
}

/// A snapshot as it arrives.
#[derive(Debug, Default)]
pub struct Snapshot {
    revision: Option<Revision>,
    pub changes: Vec<Change>,
    /// What did not decode stays as it is.
    pub kept: Kept,
    pub undecoded: u64,
    end: Option<End>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSnapshot {
    #[error("the snapshot has a line that is not JSON")]
    Garbled,
    #[error("the snapshot has lines before its start or after its end")]
    Order,
    #[error("the snapshot has a record that cannot be read and does not say whose it is")]
    Nameless,
    #[error("the snapshot is cut off")]
    CutOff,
    #[error("the snapshot has {is} records and announces {announced}")]
    Count { announced: u64, is: u64 },
}

impl Snapshot {
    pub fn take(&mut self, line: &[u8]) -> Result<(), BadSnapshot> {
        match (serde_json::from_slice(line), self.revision, self.end) {
            (Ok(SnapshotLine::Start { snapshot }), None, None) => {
                self.revision = Some(snapshot.revision);
            }
            (Ok(SnapshotLine::Change(change)), Some(_), None) => self.changes.push(*change),
            (Ok(SnapshotLine::End { end }), Some(_), None) => self.end = Some(end),
            (Err(_), Some(_), None) => self.keep(line)?,
            _ => return Err(BadSnapshot::Order),
        }
        Ok(())
    }

    fn keep(&mut self, line: &[u8]) -> Result<(), BadSnapshot> {
        let value: Value = serde_json::from_slice(line).map_err(|_| BadSnapshot::Garbled)?;
        let text = |name| value.get(name).and_then(Value::as_str);
        match (text("type"), text("id"), text("key")) {
            (Some("app"), Some(id), _) => self.kept.apps.insert(id.to_owned()),
            (Some("secret_key"), Some(id), _) => self.kept.secret_keys.insert(id.to_owned()),
            (Some("publishable_key"), _, Some(key)) => {
                self.kept.publishable_keys.insert(key.to_owned())
            }
            _ => return Err(BadSnapshot::Nameless),
        };
        self.undecoded += 1;
        Ok(())
    }

    /// The revision, if everything that was announced is there.
    pub fn finish(&self) -> Result<Revision, BadSnapshot> {
        let (Some(revision), Some(end)) = (self.revision, self.end) else {
            return Err(BadSnapshot::CutOff);
        };
        let is = self.changes.len() as u64 + self.undecoded;
        match end.records == is && end.revision == revision {
            true => Ok(revision),
            false => Err(BadSnapshot::Count { announced: end.records, is }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_feed_are_told_apart() {
        for (line, expected) in [
            (r#"{"heartbeat":{"revision":7}}"#, Read::Heartbeat),
            (r#"{"revision":8,"change":{"type":"app","id":"1"}}"#, Read::Unusable(8)),
            (r#"{"revision":9,"change":{"type":"of_next_year"}}"#, Read::Unusable(9)),
            (r#"{"news":1}"#, Read::Strange),
            ("{\"revision\":9,\"cha", Read::Garbled),
            ("<html>", Read::Garbled),
        ] {
            assert_eq!(feed_line(line.as_bytes()), expected, "{line}");
        }
        let kill = r#"{"revision":7,"change":{"type":"kill","what":"delete_app","app":"1"}}"#;
        assert!(matches!(feed_line(kill.as_bytes()), Read::Entry(entry) if entry.revision == 7));
    }

    #[track_caller]
    fn check(lines: &[&str], expected: Result<Revision, BadSnapshot>) {
        let mut snapshot = Snapshot::default();
        let taken = lines.iter().try_for_each(|line| snapshot.take(line.as_bytes()));
        assert_eq!(taken.and_then(|()| snapshot.finish()), expected, "{lines:?}");
    }

    #[test]
    fn a_snapshot_counts_only_when_it_is_whole() {
        let start = r#"{"snapshot":{"revision":5}}"#;
        let kill = r#"{"type":"kill","what":"delete_app","app":"1"}"#;
        let unread = r#"{"type":"app","id":"7","of_next_year":true}"#;
        let end = |n: u64| format!(r#"{{"end":{{"revision":5,"records":{n}}}}}"#);
        check(&[start, kill, &end(1)], Ok(5));
        check(&[start, &end(0)], Ok(5));
        check(&[start, unread, &end(1)], Ok(5));
        let unread_key = r#"{"type":"publishable_key","key":"pk_live_1","of_next_year":true}"#;
        check(&[start, unread_key, &end(1)], Ok(5));
        check(&[start, kill], Err(BadSnapshot::CutOff));
        check(&[], Err(BadSnapshot::CutOff));
        check(&[start, kill, &end(2)], Err(BadSnapshot::Count { announced: 2, is: 1 }));
        check(&[kill, start, &end(1)], Err(BadSnapshot::Order));
        check(&[start, &end(0), kill], Err(BadSnapshot::Order));
        check(&[start, "{\"type\":\"app\""], Err(BadSnapshot::Garbled));
        check(&[start, r#"{"type":"app"}"#], Err(BadSnapshot::Nameless));
    }
}
