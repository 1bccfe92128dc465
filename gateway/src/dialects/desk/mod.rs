//! What every dialect's HTTP API does alike: who asks, the body, the answer, and what is written
//! down about it. The dialect brings how it finds the credential, what it does, and its words.

mod answer;
mod body;
mod call;
mod publish;

#[cfg(test)]
pub use answer::told;
pub use answer::{Answer, Failing, respond_unread};
pub use body::{BodyError, is_announced, read as read_body};
pub use call::{Call, Door, Who, caller, note, serve, view};
pub use publish::publish;
