//! What a client of the extended protocol gets back when it resumes a connection.
//! Source: spec/anycable.md §6.9.

use super::frame::Identifier;
use crate::resume::{self, Keepsake};
use contract::SocketId;
use std::sync::Arc;

/// Kept per connection. Rights are not: each identifier is decided anew, by what holds then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Who the connection was: what its token said.
    pub ext: Option<Arc<str>>,
    pub identifiers: Vec<Identifier>,
    /// The connections it goes back to, the latest last.
    pub predecessors: Vec<SocketId>,
}

pub type Store = resume::ResumeStore<State>;
pub type Kept = resume::Kept<State>;

impl State {
    /// Longer chains forget their beginning.
    pub const MAX_PREDECESSORS: usize = 32;
}

impl Keepsake for State {
    fn bytes(&self) -> usize {
        let texts: usize = self.identifiers.iter().map(|i| i.as_json().len() + 32).sum();
        texts + self.ext.as_ref().map_or(0, |ext| ext.len()) + self.predecessors.len() * 8
    }
}
