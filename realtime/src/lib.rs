//! The channel engine: what a channel is, and who owns it.
//!
//! A channel has one owner at a time, the shard its name falls in. The owner is the single writer
//! of the channel's sequence, members, counts, cached event and recent history, so all of these
//! are exact and every message of a channel has one order.
//!
//! Nothing in here knows a dialect, a socket or HTTP. Time is passed in.

pub mod event;
pub mod join;
pub mod outlet;

pub use event::{Encodings, Event, Payload, Position, Sender, Topic};
pub use join::{CacheAnswer, Join, JoinRefusal, Joined, Member, Roster};
pub use outlet::{Delivery, OriginId, Outlet};
