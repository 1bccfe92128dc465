//! The rules of a shard.
