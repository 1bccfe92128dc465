//! The load generator: one thread, edge-triggered epoll, and per delivery neither an allocation
//! nor a JSON parser.
//!
//! `options` says what to do, `generator` runs it, `fleet` holds the subscribers and `publishers`
//! the publishing connections; `ledger` checks what arrives and `report` says what it cost.

mod fleet;
mod generator;
mod histogram;
mod ledger;
mod options;
mod pace;
mod publishers;
mod report;
mod streams;

pub use generator::{LoadError, run};
pub use options::{Options, Scenario};
pub use report::Report;

use crate::{
    dialect::{Dialect, Posts},
    sys::{Clock, Epoll},
};

/// What subscribers and publishers share.
struct Io {
    clock: Clock,
    epoll: Epoll,
    dialect: Box<dyn Dialect>,
    posts: Posts,
    /// Every read goes in here first.
    scratch: Vec<u8>,
    troubles: Troubles,
}

/// What went wrong: the first few in words, all of them by number.
#[derive(Default)]
struct Troubles {
    texts: Vec<String>,
    count: u64,
}

impl Troubles {
    const KEPT: usize = 5;

    fn add(&mut self, text: impl FnOnce() -> String) {
        if self.texts.len() < Self::KEPT {
            self.texts.push(text());
        }
        self.count += 1;
    }
}
