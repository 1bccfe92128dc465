//! The channel engine: what a channel is, and who owns it.
//!
//! A channel has one owner at a time, the shard its name falls in. The owner is the single writer
//! of the channel's sequence, members, counts, cached event and recent history, so all of these
//! are exact and every message of a channel has one order.
//!
//! Nothing in here knows a dialect, a socket or HTTP. Time is passed in.
//!
//! What can be relied on:
//! - Deliveries of a topic reach every origin in one order. After `Joined` an origin gets each
//!   event of the topic exactly once, with `seq` growing by one, until its last `leave`. An origin
//!   that only listens to a pattern gets the events in the same order.
//! - A member is added when the first of a user's connections comes and removed when the last one
//!   is gone and its grace is over, each told once.
//! - The witness sees each transition of a channel or member once, in the owner's order, and none
//!   that was undone within [`HOLD_MS`].
//! - A publish is taken by all origins concerned or by none, and one that was refused has had no
//!   effect.
//! - Memory is bounded by live connections and [`EngineConfig`]. A channel that nobody hears is
//!   held only for what it remembers, and forgotten when that is too old or room is needed; its
//!   next life has another epoch.
//!
//! The rooms: `channel` decides (pure), `shard` holds channels within bounds and wakes them,
//! `listeners` knows who hears channels by pattern, `local` locks shards, and [`Router`] is the way
//! in, so that owners can be elsewhere one day.

pub mod answer;
mod channel;
pub mod config;
pub mod event;
pub mod join;
mod listeners;
mod local;
pub mod outlet;
pub mod placement;
pub mod publish;
mod router;
mod shard;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod witness;

pub use answer::{Cached, ChannelList, EngineStats, History, Occupancy};
pub use channel::{
    count::{EVERY_CHANGE_UP_TO, PAUSE_MS},
    user::OFFLINE_AFTER_MS,
};
pub use config::EngineConfig;
pub use event::{Encodings, Event, Payload, Position, Sender, Topic};
pub use join::{CacheAnswer, EnterRefusal, Join, JoinRefusal, Joined, Member, Roster};
pub use listeners::ListenRefusal;
pub use outlet::{Delivery, OriginId, Outlet};
pub use publish::{LinkError, Publish, PublishError, Published};
pub use router::Router;
pub use witness::{HOLD_MS, Seen, Witness};
