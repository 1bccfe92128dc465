//! Names of refusals.

use std::{
    fmt,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// One refusal's own name: what support is told and the management API is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(u128);

impl RequestId {
    /// A new one, at the cost of an addition. Within the process none comes twice; of two processes
    /// the random halves differ.
    pub fn fresh() -> Self {
        static START: LazyLock<u128> = LazyLock::new(|| {
            contract::credential::random_bytes::<16>().map_or_else(
                |_| u128::from(crate::hub::clock::unix_ms()) << 64,
                u128::from_ne_bytes,
            )
        });
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let next = NEXT.fetch_add(1, Relaxed);
        // A permutation, so that ids of the same moment do not look alike.
        let spread = (next ^ (*START as u64)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32);
        Self(*START >> 64 << 64 | u128::from(spread))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_id_comes_twice() {
        let ids: HashSet<_> = (0..100_000).map(|_| RequestId::fresh().to_string()).collect();
        assert_eq!(ids.len(), 100_000);
        assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())));
    }
}
