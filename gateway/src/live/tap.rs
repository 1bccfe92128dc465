//! One app's tap: who watches it, and what is counted of it.

use super::allowance::Allowance;
use crate::directory::AppState;
use contract::{
    LiveHistory,
    live::{LiveEvent, LiveKind},
};
use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed},
};
use tokio::sync::mpsc;

/// What rests of an app's kept events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Keep {
    WithData = 1,
    WithoutData = 2,
}

impl Keep {
    /// What the app's owner and plan allow.
    pub fn of(state: &AppState) -> Option<Self> {
        if state.deleted || state.plan.live_hours == 0 {
            return None;
        }
        match state.settings.live_history {
            LiveHistory::WithData => Some(Self::WithData),
            LiveHistory::WithoutData => Some(Self::WithoutData),
            LiveHistory::Off => None,
        }
    }
}

/// There may be a million of them, so it is small.
#[derive(Debug, Default)]
pub struct LiveTap {
    watchers: AtomicU32,
    /// A `Keep`, or 0.
    keeps: AtomicU8,
    /// Whether the app waits to be settled.
    pub(super) is_listed: AtomicBool,
    pub(super) allowance: Allowance,
    /// Events that were only counted, besides those that the allowance still counts.
    pub(super) missed: AtomicU64,
    readers: OnceLock<Arc<Mutex<Vec<Reader>>>>,
}

#[derive(Debug)]
struct Reader {
    queue: mpsc::Sender<Arc<str>>,
    dropped: Arc<AtomicU64>,
}

impl LiveTap {
    /// Lines that wait for one reader; what comes on top is counted and left out.
    pub const QUEUE: usize = 512;

    pub fn keeping(keep: Option<Keep>) -> Self {
        let tap = Self::default();
        tap.keep(keep);
        tap
    }

    pub fn is_watched(&self) -> bool {
        self.watchers.load(Relaxed) > 0
    }

    pub fn keeps(&self) -> Option<Keep> {
        match self.keeps.load(Relaxed) {
            0 => None,
            1 => Some(Keep::WithData),
            _ => Some(Keep::WithoutData),
        }
    }

    pub fn keep(&self, keep: Option<Keep>) {
        self.keeps.store(keep.map_or(0, |keep| keep as u8), Relaxed);
    }

    /// Sends the event to all readers; encoded once.
    pub(super) fn show(&self, event: &LiveEvent) {
        let (Some(readers), Some(line)) = (self.readers.get(), encode(event)) else { return };
        let mut readers = readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers.retain(|reader| match reader.queue.try_send(line.clone()) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Full(_)) => {
                reader.dropped.fetch_add(1, Relaxed);
                true
            }
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        });
        self.watchers.store(readers.len() as u32, Relaxed);
    }

    /// Watches from now on, until the reader is dropped.
    pub fn watch(&self) -> LiveReader {
        let (queue, lines) = mpsc::channel(Self::QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let readers = self.readers.get_or_init(Arc::default);
        let mut readers = readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers.retain(|reader| !reader.queue.is_closed());
        readers.push(Reader { queue, dropped: dropped.clone() });
        self.watchers.store(readers.len() as u32, Relaxed);
        LiveReader { lines, dropped, waiting: None }
    }

    /// Forgets readers that are gone; for an app in which nothing happens.
    pub fn tidy(&self) {
        if let Some(readers) = self.readers.get() {
            let mut readers = readers.lock().unwrap_or_else(PoisonError::into_inner);
            readers.retain(|reader| !reader.queue.is_closed());
            self.watchers.store(readers.len() as u32, Relaxed);
        }
    }
}

/// One reader's end: lines of JSON, each with its line feed.
#[derive(Debug)]
pub struct LiveReader {
    lines: mpsc::Receiver<Arc<str>>,
    dropped: Arc<AtomicU64>,
    /// A line that came after a gap which has to be told first.
    waiting: Option<Arc<str>>,
}

impl LiveReader {
    /// The next line; how many were left out is told as soon as the queue moves again.
    pub async fn next(&mut self, now_ms: impl Fn() -> u64) -> Option<Arc<str>> {
        if let Some(line) = self.waiting.take() {
            return Some(line);
        }
        let line = self.lines.recv().await?;
        match self.dropped.swap(0, Relaxed) {
            0 => Some(line),
            count => {
                self.waiting = Some(line);
                let what = LiveKind::Dropped { count };
                encode(&LiveEvent { at_ms: now_ms(), dialect: None, what })
            }
        }
    }
}

fn encode(event: &LiveEvent) -> Option<Arc<str>> {
    let mut line = serde_json::to_string(event).ok()?;
    line.push('\n');
    Some(line.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tap_is_small() {
        assert!(size_of::<LiveTap>() <= 40, "{} bytes", size_of::<LiveTap>());
    }

    fn happened(at_ms: u64) -> LiveEvent {
        let what = LiveKind::ConnectionOpened { socket_id: "1.2".parse().unwrap() };
        LiveEvent { at_ms, dialect: Some("pusher".into()), what }
    }

    async fn next(reader: &mut LiveReader) -> LiveEvent {
        serde_json::from_str(&reader.next(|| 9).await.expect("a line")).expect("a live event")
    }

    #[tokio::test]
    async fn readers_come_and_go() {
        let tap = LiveTap::default();
        let reader = tap.watch();
        assert!(tap.is_watched());
        drop(reader);
        tap.tidy();
        assert!(!tap.is_watched());
    }

    #[tokio::test]
    async fn what_does_not_fit_is_counted_exactly() {
        let tap = LiveTap::default();
        let mut reader = tap.watch();
        for n in 0..LiveTap::QUEUE as u64 + 7 {
            tap.show(&happened(n));
        }
        assert_eq!(next(&mut reader).await.what, LiveKind::Dropped { count: 7 });
        for n in 0..LiveTap::QUEUE as u64 {
            assert_eq!(next(&mut reader).await.at_ms, n);
        }
        tap.show(&happened(99));
        assert_eq!(next(&mut reader).await, happened(99));
    }
}
