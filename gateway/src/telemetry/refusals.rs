//! One log line per refusal, without secrets, and no more than a log can bear.

use crate::{
    admission::{Refusal, Why},
    refusals::RequestId,
};
use contract::AppId;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Lines per second; the rest is counted and told with the next line.
const LINES_PER_S: u64 = 50;

static LIMIT: Limit =
    Limit { second: AtomicU64::new(0), lines: AtomicU64::new(0), left_out: AtomicU64::new(0) };

/// Logs a refusal where it is answered. `source` is a lower-case word such as `http`, `socket`.
pub fn log_refusal(
    refusal: &Refusal,
    source: &'static str,
    app: Option<&AppId>,
    id: RequestId,
    now_ms: u64,
) {
    let Some(left_out) = LIMIT.take(now_ms / 1_000) else { return };
    let why = match refusal {
        Refusal::Unauthorised(why) => Why::as_str(why),
        _ => "",
    };
    let app = app.map_or("", AppId::as_str);
    tracing::info!(
        refusal.code = refusal.code().as_str(),
        refusal.why = why,
        refusal.status = refusal.status(),
        refusal.source = source,
        app.id = app,
        request.id = %id,
        refusals.left_out = left_out,
        "refused"
    );
}

struct Limit {
    second: AtomicU64,
    lines: AtomicU64,
    left_out: AtomicU64,
}

impl Limit {
    /// How many lines were left out before this one; `None` when it is left out too.
    fn take(&self, second: u64) -> Option<u64> {
        if self.second.swap(second, Relaxed) != second {
            self.lines.store(0, Relaxed);
        }
        if self.lines.fetch_add(1, Relaxed) < LINES_PER_S {
            return Some(self.left_out.swap(0, Relaxed));
        }
        self.left_out.fetch_add(1, Relaxed);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_summed_up() {
        let limit = Limit { second: 0.into(), lines: 0.into(), left_out: 0.into() };
        let logged = (0..100).filter(|_| limit.take(5).is_some()).count();
        assert_eq!(logged, 50);
        assert_eq!(limit.take(6), Some(50));
        assert_eq!(limit.take(6), Some(0));
    }
}
