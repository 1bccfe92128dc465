//! What is happening in an app, for those who watch. Costs one atomic load when nobody does.

use contract::live::{LiveEvent, LiveKind};
use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
};
use tokio::sync::mpsc;

/// One app's tap.
#[derive(Debug, Default)]
pub struct LiveTap {
    watchers: AtomicU32,
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

    /// Whether anyone would see an event. Ask before making one.
    pub fn is_watched(&self) -> bool {
        self.watchers.load(Relaxed) > 0
    }

    /// Shows `what` to all readers, if there are any; made and encoded once.
    pub fn emit(&self, at_ms: u64, what: impl FnOnce() -> LiveKind) {
        let Some(readers) = self.readers.get().filter(|_| self.is_watched()) else {
            return;
        };
        let Some(line) = encode(LiveEvent { at_ms, what: cut(what()) }) else {
            return;
        };
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
                encode(LiveEvent { at_ms: now_ms(), what: LiveKind::Dropped { count } })
            }
        }
    }
}

fn encode(event: LiveEvent) -> Option<Arc<str>> {
    let mut line = serde_json::to_string(&event).ok()?;
    line.push('\n');
    Some(line.into())
}

/// At most `MAX_DATA_BYTES` of a payload, never half a character.
fn cut(mut what: LiveKind) -> LiveKind {
    if let LiveKind::Published { data, .. } | LiveKind::ClientEvent { data, .. } = &mut what {
        data.truncate(data.floor_char_boundary(LiveEvent::MAX_DATA_BYTES));
    }
    what
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(data: &str) -> LiveKind {
        LiveKind::Published {
            channel: "news".parse().unwrap(),
            event: "e".parse().unwrap(),
            data: data.into(),
            dialect: "pusher".into(),
        }
    }

    async fn next(reader: &mut LiveReader) -> LiveEvent {
        serde_json::from_str(&reader.next(|| 9).await.expect("a line")).expect("a live event")
    }

    #[tokio::test]
    async fn nobody_watching_costs_no_event() {
        let tap = LiveTap::default();
        tap.emit(1, || unreachable!("made for nobody"));
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
            tap.emit(n, || published("x"));
        }
        assert_eq!(next(&mut reader).await.what, LiveKind::Dropped { count: 7 });
        for n in 0..LiveTap::QUEUE as u64 {
            assert_eq!(next(&mut reader).await.at_ms, n);
        }
        tap.emit(99, || published("y"));
        assert_eq!(next(&mut reader).await.at_ms, 99);
    }

    #[tokio::test]
    async fn payloads_are_cut_between_characters() {
        let tap = LiveTap::default();
        let mut reader = tap.watch();
        for (data, kept) in [
            ("a".repeat(4_096), 4_096),
            ("a".repeat(4_097), 4_096),
            ("a".to_owned() + &"é".repeat(2_048), 4_095),
        ] {
            tap.emit(1, || published(&data));
            let LiveKind::Published { data: shown, .. } = next(&mut reader).await.what else {
                panic!("another kind");
            };
            assert_eq!(shown.len(), kept);
            assert!(data.starts_with(&shown));
        }
    }
}
