//! The conversation in scenes: what a client says, what it gets to hear, what is asked of the hub.

mod emits;
mod leaving;
mod presence;
mod subscribe;
mod talk;
