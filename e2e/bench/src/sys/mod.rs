//! The little of the operating system that both programs use.

pub mod clock;
pub mod epoll;
pub mod process;
pub mod socket;

pub use clock::Clock;
pub use epoll::{Epoll, Ready};
