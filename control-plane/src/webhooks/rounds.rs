//! Whose turn it is among the channels of an endpoint that has more due than can be looked at.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use uuid::Uuid;

#[derive(Clone, Default)]
pub struct Rounds(Arc<Mutex<HashMap<Uuid, Round>>>);

#[derive(Default)]
struct Round {
    /// The channel by name that was looked at last.
    at: String,
    is_next: bool,
}

impl Rounds {
    /// After which channel to look, every other time; at once where nothing else can go.
    pub fn next(&self, endpoint: Uuid, is_blocked: bool) -> Option<String> {
        let mut rounds = self.lock();
        let round = rounds.entry(endpoint).or_default();
        let is_next = round.is_next || is_blocked;
        round.is_next = !is_next;
        is_next.then(|| round.at.clone())
    }

    /// Empty: from the beginning again.
    pub fn went_to(&self, endpoint: Uuid, channel: &str) {
        if let Some(round) = self.lock().get_mut(&endpoint) {
            round.at = channel.to_owned();
        }
    }

    /// All that is due can be looked at again.
    pub fn end(&self, endpoint: Uuid) {
        self.lock().remove(&endpoint);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Round>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_turn_is_of_the_next_channels() {
        let (rounds, endpoint) = (Rounds::default(), Uuid::nil());
        assert_eq!(rounds.next(endpoint, false), None);
        assert_eq!(rounds.next(endpoint, false).as_deref(), Some(""));
        rounds.went_to(endpoint, "m");
        assert_eq!(rounds.next(endpoint, false), None);
        assert_eq!(rounds.next(endpoint, false).as_deref(), Some("m"));
        assert_eq!(rounds.next(endpoint, true).as_deref(), Some("m"), "nothing else can go");
        rounds.end(endpoint);
        assert_eq!(rounds.next(endpoint, true).as_deref(), Some(""));
    }
}
