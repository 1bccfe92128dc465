//! When subscribers are told how many they are.

/// Above this many subscriptions, changes are told at most once per [`PAUSE_MS`].
/// Source: spec/pusher.md §10.
pub const EVERY_CHANGE_UP_TO: u32 = 100;
/// Milliseconds between two announcements on a large channel.
pub const PAUSE_MS: u64 = 5_000;

/// What was announced last, and whether something is left to say.
#[derive(Debug, Default)]
pub struct CountPace {
    told: u32,
    told_at_ms: u64,
    due_ms: Option<u64>,
}

impl CountPace {
    /// The count has become `count`; whether to tell now.
    pub fn changed(&mut self, count: u32, now_ms: u64) -> bool {
        let next_ms = self.told_at_ms.saturating_add(PAUSE_MS);
        if count > EVERY_CHANGE_UP_TO && self.told > 0 && now_ms < next_ms {
            self.due_ms = Some(next_ms);
            return false;
        }
        self.tell(count, now_ms);
        true
    }

    /// Whether what was held back is to be told now, the count being `count`.
    pub fn wake(&mut self, count: u32, now_ms: u64) -> bool {
        if self.due_ms.is_none_or(|due_ms| due_ms > now_ms) {
            return false;
        }
        self.due_ms = None;
        let is_news = self.told != count;
        if is_news {
            self.tell(count, now_ms);
        }
        is_news
    }

    pub fn due_ms(&self) -> Option<u64> {
        self.due_ms
    }

    fn tell(&mut self, count: u32, now_ms: u64) {
        *self = Self { told: count, told_at_ms: now_ms, due_ms: None };
    }
}
