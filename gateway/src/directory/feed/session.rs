//! One connection to the feed, and the snapshot before it where one is needed.

use super::{
    MAX_SILENCE,
    confirm::{Applied, Confirmer},
    read::{BadSnapshot, Read, Snapshot, feed_line},
};
use crate::{
    config::Config,
    directory::{
        Alarm, Directory, KillReceipts,
        disk::DiskKeeper,
        lines::{LineTooLong, Lines},
    },
    hub::clock,
};
use contract::directory::{Entry, Revision};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Response, StatusCode};

pub struct Session<'a> {
    pub directory: Directory,
    pub http: reqwest::Client,
    pub disk: DiskKeeper,
    pub confirmer: Confirmer,
    pub config: &'a Config,
    pub boot: String,
}

/// Why a connection to the feed is over.
#[derive(Debug, thiserror::Error)]
pub enum SessionEnd {
    #[error("a snapshot was taken; the feed goes on from there")]
    Resumed,
    #[error("the control plane answered {0}")]
    Status(StatusCode),
    #[error("the control plane cannot be reached: {0}")]
    Http(String),
    #[error("silence for 15 s")]
    Silence,
    #[error("the control plane closed the feed")]
    Closed,
    #[error("the feed sent something that is not a line of it")]
    Garbled,
    #[error(transparent)]
    Line(#[from] LineTooLong),
    #[error(transparent)]
    Snapshot(#[from] BadSnapshot),
    #[error("the snapshot is of revision {snapshot}, older than {applied} here")]
    Behind { snapshot: Revision, applied: Revision },
}

impl SessionEnd {
    /// Whether the control plane was there, so that the next try need not wait long.
    pub fn was_useful(&self) -> bool {
        matches!(self, Self::Resumed | Self::Closed | Self::Silence)
    }
}

impl From<reqwest::Error> for SessionEnd {
    fn from(error: reqwest::Error) -> Self {
        // Its own text leaves out the cause.
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        Self::Http(error.without_url().to_string() + &cause.unwrap_or_default())
    }
}

impl Session<'_> {
    pub async fn run(&self) -> SessionEnd {
        match self.try_run().await {
            Ok(end) | Err(end) => end,
        }
    }

    async fn try_run(&self) -> Result<SessionEnd, SessionEnd> {
        if !self.directory.status().is_loaded() {
            self.take_snapshot().await?;
        }
        let mut response = self.get(&self.feed_path()).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::GONE => {
                self.take_snapshot().await?;
                return Ok(SessionEnd::Resumed);
            }
            status => return Err(SessionEnd::Status(status)),
        }
        let status = self.directory.status();
        status.set_connected(true);
        tracing::info!(directory.revision = status.applied(), "following the directory's feed");
        // The control plane may have forgotten, or not have known this boot before.
        self.confirmer.applied(Applied::nothing_new(status.applied()));
        let mut lines = Lines::default();
        loop {
            let Some(chunk) = next_chunk(&mut response).await? else {
                return Ok(SessionEnd::Closed);
            };
            status.heard(clock::unix_ms());
            lines.push(&chunk);
            self.apply(&mut lines)?;
        }
    }

    fn apply(&self, lines: &mut Lines) -> Result<(), SessionEnd> {
        let (mut entries, mut receipts, mut garbled) = (Vec::new(), Vec::new(), false);
        let drained = lines.drain(|line| match feed_line(line) {
            _ if garbled => {}
            Read::Entry(entry) => receipts.extend(self.apply_entry(*entry, &mut entries)),
            Read::Heartbeat => {}
            Read::Unusable(revision) => {
                self.directory.status().raise(Alarm::BadRecord);
                self.directory.status().set_applied(revision);
                tracing::error!(directory.revision = revision, "entry of the feed not understood");
            }
            Read::Strange => {
                self.directory.status().raise(Alarm::FeedMalformed);
                tracing::error!("line of the feed not understood");
            }
            Read::Garbled => garbled = true,
        });
        if let Some(last) = entries.last() {
            let revision = last.revision;
            let persisted = self.disk.append(entries);
            self.confirmer.applied(Applied { revision, receipts, persisted: Some(persisted) });
        }
        if garbled {
            self.directory.status().raise(Alarm::FeedMalformed);
            return Err(SessionEnd::Garbled);
        }
        Ok(drained?)
    }

    fn apply_entry(&self, entry: Entry, entries: &mut Vec<Entry>) -> Option<KillReceipts> {
        let receipts = self.directory.apply(entry.revision, entry.change.clone());
        entries.push(entry);
        receipts
    }

    async fn take_snapshot(&self) -> Result<(), SessionEnd> {
        let taken = self.try_take_snapshot().await;
        if let Err(SessionEnd::Snapshot(_) | SessionEnd::Behind { .. } | SessionEnd::Line(_)) =
            taken
        {
            self.directory.status().raise(Alarm::SnapshotDiscarded);
        }
        taken
    }

    async fn try_take_snapshot(&self) -> Result<(), SessionEnd> {
        let mut response = self.get("/internal/v1/directory").await?;
        if response.status() != StatusCode::OK {
            return Err(SessionEnd::Status(response.status()));
        }
        let (mut lines, mut snapshot) = (Lines::default(), Snapshot::default());
        while let Some(chunk) = next_chunk(&mut response).await? {
            lines.push(&chunk);
            let mut taken = Ok(());
            lines.drain(|line| {
                if taken.is_ok() {
                    taken = snapshot.take(line);
                }
            })?;
            taken?;
        }
        let revision = snapshot.finish()?;
        let applied = self.directory.status().applied();
        if revision < applied {
            return Err(SessionEnd::Behind { snapshot: revision, applied });
        }
        for _ in 0..snapshot.undecoded {
            self.directory.status().raise(Alarm::BadRecord);
        }
        let records = snapshot.changes.len();
        let receipts = self.directory.replace(revision, snapshot.changes, &snapshot.kept);
        self.directory.status().set_loaded();
        tracing::info!(directory.revision = revision, records, "directory taken from a snapshot");
        let persisted = Some(self.disk.renew());
        let receipts = receipts.into_iter().collect();
        self.confirmer.applied(Applied { revision, receipts, persisted });
        Ok(())
    }

    async fn get(&self, path: &str) -> Result<Response, SessionEnd> {
        let url = format!("{}{path}", self.config.control_plane_url);
        let request = self.http.get(url).bearer_auth(self.config.gateway_token.expose());
        match tokio::time::timeout(MAX_SILENCE, request.send()).await {
            Ok(response) => Ok(response?),
            Err(_) => Err(SessionEnd::Silence),
        }
    }

    fn feed_path(&self) -> String {
        let escape = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        format!(
            "/internal/v1/feed?after={}&gateway={}&boot={}&ops_url={}",
            self.directory.status().applied(),
            escape(&self.config.gateway_id),
            escape(&self.boot),
            escape(&self.config.advertised_ops_url),
        )
    }
}

async fn next_chunk(response: &mut Response) -> Result<Option<bytes::Bytes>, SessionEnd> {
    match tokio::time::timeout(MAX_SILENCE, response.chunk()).await {
        Ok(chunk) => Ok(chunk?),
        Err(_) => Err(SessionEnd::Silence),
    }
}
