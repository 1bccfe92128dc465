//! How large the engine may grow.

/// Bounds of one engine. Memory is bounded by these and by the number of live connections.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Shards the key space is cut into; every node of a cluster must have the same number.
    pub shards: u32,
    /// Key of the hash that places channels on shards; every node of a cluster must have the same.
    pub placement_key: u64,
    /// Channels held at once, occupied or remembered.
    pub max_channels: usize,
    /// Bytes of history and cached events of all channels together, an estimate that counts the
    /// bookkeeping of channels nobody hears.
    pub retained_max_bytes: usize,
    /// Events of history per channel.
    pub history_max_events: usize,
    /// Bytes of history per channel.
    pub history_max_bytes: usize,
    /// Milliseconds an event stays in history, and its idempotency key in memory.
    pub history_ttl_ms: u64,
    /// Idempotency keys remembered per channel.
    pub idempotency_max_keys: usize,
    /// First epoch. Positions of two runs are told apart by it, so it is random by default.
    pub first_epoch: u64,
}

impl EngineConfig {
    /// Epochs stay exact as a JavaScript number.
    const EPOCH_BITS: u32 = 52;
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            shards: 1024,
            placement_key: 0,
            max_channels: 2_000_000,
            retained_max_bytes: 256 << 20,
            history_max_events: 100,
            history_max_bytes: 256 << 10,
            history_ttl_ms: 300_000,
            idempotency_max_keys: 1_000,
            first_epoch: random_epoch(),
        }
    }
}

/// Any number will do as long as two runs differ: without a random source, the clock has to.
fn random_epoch() -> u64 {
    let bits = getrandom::u64().unwrap_or_else(|_| {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(1, |since| since.as_micros() as u64)
    });
    bits >> (64 - EngineConfig::EPOCH_BITS + 1)
}
