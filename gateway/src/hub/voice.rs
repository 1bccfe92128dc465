//! How a subscriber wants to be told what is due on a channel.

use crate::dialects::Dialect;
use std::sync::Arc;

/// The words for one kind of subscriber. What is due is put into bytes once per distinct voice.
///
/// Only the dialect knows what `flags` and `tag` mean; to the hub they are part of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Voice {
    pub dialect: Dialect,
    pub flags: u8,
    pub tag: Option<Arc<str>>,
}

impl Voice {
    /// The voice of a dialect that has only one.
    pub const fn plain(dialect: Dialect) -> Self {
        Self { dialect, flags: 0, tag: None }
    }

    pub const fn with_flags(dialect: Dialect, flags: u8) -> Self {
        Self { dialect, flags, tag: None }
    }

    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}
