//! How the directory is doing, for `/up`, `/metrics` and operators' alerts.

use contract::directory::Revision;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// Something an operator should look at. Each is counted; each is also a log line where it arises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// A record of the change lane was not usable; its last good version stays in force.
    BadRecord,
    /// A key moved from one app to another without the first having given it up.
    KeyConflict,
    /// A snapshot was cut off, malformed or older than what is held, and was not used.
    SnapshotDiscarded,
    /// The feed said something that is not a line of the feed.
    FeedMalformed,
    /// A worker did not acknowledge a kill in time.
    KillUnacknowledged,
    /// The disk copy could not be written; the directory is served from memory.
    DiskUnavailable,
    /// A part of the disk copy was damaged and left out.
    DiskCorrupt,
    /// Usage cannot be kept on the disk; what a crash loses is the current minute.
    UsageDisk,
    /// The spool of usage is more than four fifths full.
    UsageSpool,
    /// The control plane does not take some rows of usage, or a file of them is damaged.
    UsageRefused,
    /// Channel events cannot be written to the disk.
    WebhooksDisk,
    /// There was no room for some channel events.
    WebhooksDropped,
    /// The control plane does not take some channel events, or they are damaged.
    WebhooksRefused,
}

impl Alarm {
    pub const ALL: [Alarm; 13] = [
        Self::BadRecord,
        Self::KeyConflict,
        Self::SnapshotDiscarded,
        Self::FeedMalformed,
        Self::KillUnacknowledged,
        Self::DiskUnavailable,
        Self::DiskCorrupt,
        Self::UsageDisk,
        Self::UsageSpool,
        Self::UsageRefused,
        Self::WebhooksDisk,
        Self::WebhooksDropped,
        Self::WebhooksRefused,
    ];

    /// The label in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRecord => "bad_record",
            Self::KeyConflict => "key_conflict",
            Self::SnapshotDiscarded => "snapshot_discarded",
            Self::FeedMalformed => "feed_malformed",
            Self::KillUnacknowledged => "kill_unacknowledged",
            Self::DiskUnavailable => "disk_unavailable",
            Self::DiskCorrupt => "disk_corrupt",
            Self::UsageDisk => "usage_disk",
            Self::UsageSpool => "usage_spool",
            Self::UsageRefused => "usage_refused",
            Self::WebhooksDisk => "webhooks_disk",
            Self::WebhooksDropped => "webhooks_dropped",
            Self::WebhooksRefused => "webhooks_refused",
        }
    }
}

#[derive(Debug, Default)]
pub struct Status {
    applied: AtomicU64,
    loaded: AtomicBool,
    connected: AtomicBool,
    disk_failing: AtomicBool,
    /// Unix milliseconds of the last line of the feed; 0 is never.
    heard_at_ms: AtomicU64,
    alarms: [AtomicU64; Alarm::ALL.len()],
}

impl Status {
    /// Everything up to this revision is in force here.
    pub fn applied(&self) -> Revision {
        self.applied.load(Relaxed)
    }

    pub(super) fn set_applied(&self, revision: Revision) {
        self.applied.fetch_max(revision, Relaxed);
    }

    /// Whether a directory was ever loaded, from disk or from the control plane.
    pub fn is_loaded(&self) -> bool {
        self.loaded.load(Relaxed)
    }

    /// Goes back or forth to where the feed has to be resumed.
    pub(super) fn resume_at(&self, revision: Revision) {
        self.applied.store(revision, Relaxed);
    }

    pub(super) fn set_loaded(&self) {
        self.loaded.store(true, Relaxed);
    }

    pub fn is_connected(&self) -> bool {
        self.connected.load(Relaxed)
    }

    pub(super) fn set_connected(&self, connected: bool) {
        self.connected.store(connected, Relaxed);
    }

    pub fn is_disk_failing(&self) -> bool {
        self.disk_failing.load(Relaxed)
    }

    pub(super) fn set_disk_failing(&self, failing: bool) {
        self.disk_failing.store(failing, Relaxed);
    }

    pub(super) fn heard(&self, now_ms: u64) {
        self.heard_at_ms.store(now_ms, Relaxed);
    }

    /// Milliseconds since the feed last said something; `None` before it ever did.
    pub fn feed_age_ms(&self, now_ms: u64) -> Option<u64> {
        match self.heard_at_ms.load(Relaxed) {
            0 => None,
            at => Some(now_ms.saturating_sub(at)),
        }
    }

    pub fn raise(&self, alarm: Alarm) {
        self.alarms[alarm as usize].fetch_add(1, Relaxed);
    }

    pub fn raised(&self, alarm: Alarm) -> u64 {
        self.alarms[alarm as usize].load(Relaxed)
    }
}
