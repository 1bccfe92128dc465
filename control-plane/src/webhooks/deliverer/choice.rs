//! Which of an endpoint's waiting deliveries go into the next request. Pure.
//!
//! An endpoint is told of a channel in order, so of each channel only what stands at the front can
//! be taken: nothing that waits for its next try, or is being delivered, may be overtaken. What is
//! of no channel is in no order.

use std::collections::HashSet;
use time::OffsetDateTime;
use uuid::Uuid;

/// A delivery that might be taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub id: Uuid,
    pub message: Uuid,
    /// Where it stands in its channel's queue.
    pub place: i64,
    /// Empty: of no channel.
    pub channel: String,
    /// Tries so far.
    pub attempts: i32,
    /// When its turn came, or comes.
    pub due: OffsetDateTime,
    /// Its turn has not come before then.
    pub waits_until: Option<OffsetDateTime>,
    /// It waits because somebody is delivering it.
    pub is_leased: bool,
}

#[derive(Debug, Default, PartialEq)]
pub struct Choice {
    /// Indices of those to take, in order.
    pub take: Vec<usize>,
    /// Indices of those that wait for their next try: what stands behind them cannot go either.
    pub in_the_way: Vec<usize>,
    /// Something was left that could go at once, in another request.
    pub more: bool,
}

/// How much is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Most {
    /// Events that share one request.
    Together(usize),
    /// Events that go out one after the other.
    Single(usize),
}

impl Most {
    /// Beside an event that was tried so often. What has failed comes again in halves, so that what
    /// is never taken ends up alone; what is alone already need not.
    fn with(self, attempts: i32) -> usize {
        match self {
            Self::Together(most) => (most >> attempts.clamp(0, 16)).max(1),
            Self::Single(most) => most,
        }
    }
}

/// Chooses from candidates that are in the order in which they are to be told. For each channel
/// the first that is pending must be among them.
pub fn choose(candidates: &[Candidate], most: Most) -> Choice {
    let mut choice = Choice::default();
    let mut limit = most.with(0);
    let mut stopped: HashSet<&str> = HashSet::new();
    for (at, candidate) in candidates.iter().enumerate() {
        let channel = candidate.channel.as_str();
        if stopped.contains(channel) {
            continue;
        }
        match candidate.waits_until {
            Some(_) => {
                if !candidate.is_leased && !channel.is_empty() {
                    choice.in_the_way.push(at);
                }
                stop(&mut stopped, channel);
            }
            None => {
                let its_limit = most.with(candidate.attempts);
                if choice.take.len() < limit.min(its_limit) {
                    limit = limit.min(its_limit);
                    choice.take.push(at);
                } else {
                    choice.more = true;
                    stop(&mut stopped, channel);
                }
            }
        }
    }
    choice
}

/// What is of no channel stops nothing.
fn stop<'a>(stopped: &mut HashSet<&'a str>, channel: &'a str) {
    if !channel.is_empty() {
        stopped.insert(channel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    const LATER: OffsetDateTime = datetime!(2030-01-01 00:00 UTC);

    fn due(channel: &str, attempts: i32) -> Candidate {
        Candidate {
            id: Uuid::nil(),
            message: Uuid::nil(),
            place: 0,
            channel: channel.into(),
            attempts,
            due: OffsetDateTime::UNIX_EPOCH,
            waits_until: None,
            is_leased: false,
        }
    }

    fn waits(channel: &str) -> Candidate {
        Candidate { waits_until: Some(LATER), ..due(channel, 1) }
    }

    fn leased(channel: &str) -> Candidate {
        Candidate { is_leased: true, ..waits(channel) }
    }

    #[track_caller]
    fn check(candidates: &[Candidate], max: usize, take: &[usize], waits: &[usize], more: bool) {
        let choice = choose(candidates, Most::Together(max));
        assert_eq!((&choice.take[..], &choice.in_the_way[..], choice.more), (take, waits, more));
    }

    #[test]
    fn nothing_overtakes_in_its_channel() {
        check(&[due("a", 0), due("b", 0), due("a", 0)], 100, &[0, 1, 2], &[], false);
        check(&[waits("a"), due("a", 0), due("b", 0)], 100, &[2], &[0], false);
        check(&[leased("a"), due("a", 0), due("b", 0)], 100, &[2], &[], false);
        check(&[due("a", 0), waits("a"), due("a", 0)], 100, &[0], &[1], false);
    }

    #[test]
    fn what_is_of_no_channel_waits_for_nobody() {
        check(&[waits(""), due("", 0), leased(""), due("", 0)], 100, &[1, 3], &[], false);
    }

    #[test]
    fn one_event_at_a_time_leaves_the_rest_for_another_request() {
        check(&[due("a", 0), due("a", 0), due("b", 0)], 1, &[0], &[], true);
    }

    #[test]
    fn what_failed_comes_again_in_halves() {
        let all = |attempts| (0..100).map(|_| due("a", attempts)).collect::<Vec<_>>();
        let sizes = (0..=8).map(|attempts| choose(&all(attempts), Most::Together(100)).take.len());
        assert_eq!(sizes.collect::<Vec<_>>(), [100, 50, 25, 12, 6, 3, 1, 1, 1]);
        // New ones do not go along beyond that.
        let mut mixed = vec![due("a", 6)];
        mixed.extend((0..3).map(|_| due("b", 0)));
        check(&mixed, 100, &[0], &[], true);
        check(&[due("b", 0), due("a", 6), due("c", 0)], 100, &[0, 2], &[], true);
        assert_eq!(choose(&all(5), Most::Single(20)).take.len(), 20, "alone already");
    }

    proptest! {
        #[test]
        fn of_each_channel_a_front_is_taken(
            drawn in prop::collection::vec((0u8..4, 0i32..8, 0u8..6), 0..60),
            max in prop::sample::select(vec![1usize, 3, 100]),
            single in any::<bool>(),
        ) {
            let candidates: Vec<Candidate> = drawn.iter().map(|(channel, attempts, kind)| {
                let channel = ["", "a", "b", "c"][usize::from(*channel)];
                match kind {
                    0 => waits(channel),
                    1 => leased(channel),
                    _ => due(channel, *attempts),
                }
            }).collect();
            let most = if single { Most::Single(max) } else { Most::Together(max) };
            let choice = choose(&candidates, most);
            prop_assert!(choice.take.len() <= max);
            for at in &choice.take {
                let taken = &candidates[*at];
                prop_assert!(taken.waits_until.is_none());
                prop_assert!(choice.take.len() <= most.with(taken.attempts));
                let mut before = (0..*at).filter(|b| candidates[*b].channel == taken.channel);
                prop_assert!(taken.channel.is_empty() || before.all(|b| choice.take.contains(&b)));
            }
            for at in &choice.in_the_way {
                let waits = &candidates[*at];
                prop_assert!(waits.waits_until.is_some() && !waits.channel.is_empty());
            }
            // As long as something can go, something goes.
            if candidates.first().is_some_and(|first| first.waits_until.is_none()) {
                prop_assert!(!choice.take.is_empty());
            }
        }
    }
}
