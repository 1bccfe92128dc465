//! The conversation in scenes: what a client says, what it gets to hear, what is asked of the hub.

mod history;
mod lifecycle;
mod presence;
mod resume;
mod subscribe;
mod talk;
mod whisper;
