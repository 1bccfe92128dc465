//! Whether one pattern stays inside another, for every name there could be.
//!
//! Both are read as automata over bytes. The walk goes through every state that the inner one can
//! reach, together with the set of states that the outer one can be in after the same bytes; the
//! inner one must never end where the outer one cannot.

use super::{Pattern, Step, steps};

impl Pattern {
    /// Whether `outer` matches every name that this pattern matches.
    ///
    /// A yes is always right. Each step of the search takes one from `budget`; a search that
    /// cannot be afforded ends with a no, because patterns are customers' input.
    pub fn is_within(&self, outer: &Pattern, budget: &mut u32) -> bool {
        is_within(&self.0, &outer.0, budget)
    }
}

/// The same for the texts of patterns.
pub(crate) fn is_within(inner: &str, outer: &str, budget: &mut u32) -> bool {
    if inner == outer {
        return true;
    }
    let (inner, outer_steps) = (steps(inner), steps(outer));
    if outer_steps == [Step::Any] {
        return true;
    }
    match literal(&inner) {
        Some(name) => super::walk(outer.as_bytes(), &name),
        None => Search::new(inner, outer_steps).holds(budget),
    }
}

/// The one name that a pattern without stars matches.
fn literal(steps: &[Step]) -> Option<Vec<u8>> {
    let byte = |step: &Step| match step {
        Step::Byte(byte) => Some(*byte),
        Step::Segment | Step::Any => None,
    };
    steps.iter().map(byte).collect()
}

impl Step {
    fn takes_again(self, byte: u8) -> bool {
        match self {
            Self::Byte(_) => false,
            Self::Segment => byte != b'/',
            Self::Any => true,
        }
    }
}

/// Positions before a step, or behind the last: one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct States([u64; Self::WORDS]);

impl States {
    const WORDS: usize = (Pattern::MAX_BYTES + 1).div_ceil(64);

    fn start(steps: &[Step]) -> Self {
        let mut states = Self::default();
        states.enter(0, steps);
        states
    }

    /// Adds a position and those behind it that need no byte to be reached.
    fn enter(&mut self, mut at: usize, steps: &[Step]) {
        self.0[at / 64] |= 1 << (at % 64);
        while matches!(steps.get(at), Some(Step::Segment | Step::Any)) {
            at += 1;
            self.0[at / 64] |= 1 << (at % 64);
        }
    }

    fn after(self, byte: u8, steps: &[Step]) -> Self {
        let mut states = Self::default();
        for at in self.positions() {
            match steps.get(at) {
                Some(Step::Byte(own)) if *own == byte => states.enter(at + 1, steps),
                Some(step) if step.takes_again(byte) => states.enter(at, steps),
                _ => {}
            }
        }
        states
    }

    fn positions(self) -> impl Iterator<Item = usize> {
        self.0.into_iter().enumerate().flat_map(|(word, bits)| {
            std::iter::successors(Some(bits), |bits| Some(bits & bits.wrapping_sub(1)))
                .take_while(|bits| *bits != 0)
                .map(move |bits| word * 64 + bits.trailing_zeros() as usize)
        })
    }

    fn has(self, at: usize) -> bool {
        self.0[at / 64] & 1 << (at % 64) != 0
    }

    fn is_empty(self) -> bool {
        self == Self::default()
    }

    fn is_part_of(self, other: Self) -> bool {
        self.0.iter().zip(other.0).all(|(own, other)| own & !other == 0)
    }
}

struct Search {
    inner: Vec<Step>,
    outer: Vec<Step>,
    /// One byte of each kind that the outer pattern tells apart.
    letters: Vec<u8>,
    /// Per position of the inner pattern, the smallest sets that were looked at.
    seen: Vec<Vec<States>>,
    due: Vec<(usize, States)>,
}

impl Search {
    fn new(inner: Vec<Step>, outer: Vec<Step>) -> Self {
        let is_told_apart = |byte: &u8| *byte == b'/' || outer.contains(&Step::Byte(*byte));
        let mut letters: Vec<u8> = (0..=u8::MAX).filter(is_told_apart).collect();
        letters.extend((0..=u8::MAX).find(|byte| !is_told_apart(byte)));
        let seen = vec![Vec::new(); inner.len() + 1];
        Self { inner, outer, letters, seen, due: Vec::new() }
    }

    fn holds(mut self, budget: &mut u32) -> bool {
        self.note(0, States::start(&self.outer));
        while let Some((at, states)) = self.due.pop() {
            // Every pattern can still be completed, and an empty set can match nothing any more.
            if states.is_empty() {
                return false;
            }
            match self.inner.get(at).copied() {
                None if states.has(self.outer.len()) => {}
                None => return false,
                Some(Step::Byte(byte)) => {
                    let Some(left) = budget.checked_sub(1) else { return false };
                    *budget = left;
                    self.note(at + 1, states.after(byte, &self.outer));
                }
                Some(star) => {
                    let Some(left) = budget.checked_sub(self.letters.len() as u32) else {
                        return false;
                    };
                    *budget = left;
                    self.note(at + 1, states);
                    for letter in 0..self.letters.len() {
                        let byte = self.letters[letter];
                        if star.takes_again(byte) {
                            self.note(at, states.after(byte, &self.outer));
                        }
                    }
                }
            }
        }
        true
    }

    /// What holds for a set holds for every larger one, so those need no look.
    fn note(&mut self, at: usize, states: States) {
        let seen = &mut self.seen[at];
        if !seen.iter().any(|known| known.is_part_of(states)) {
            seen.retain(|known| !states.is_part_of(*known));
            seen.push(states);
            self.due.push((at, states));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(raw: &str) -> Pattern {
        raw.parse().expect(raw)
    }

    fn is_within(inner: &str, outer: &str) -> bool {
        pattern(inner).is_within(&pattern(outer), &mut 100_000)
    }

    #[test]
    fn insides_are_told_from_outsides() {
        for (inner, outer, expected) in [
            ("app/room-1", "app/*", true),
            ("app/room-1", "app/room-1", true),
            ("app/room-1", "app/room-2", false),
            ("app/*", "app/*", true),
            ("app/room-*", "app/*", true),
            ("app/*", "app/room-*", false),
            ("app/**", "app/*", false),
            ("app/*", "app/**", true),
            ("app/*/events", "app/**", true),
            ("app/*/events", "app/*", false),
            ("app/*/events", "**/events", true),
            ("**", "*", false),
            ("**", "**", true),
            ("***", "**", true),
            ("*", "**", true),
            ("a*b*c", "a*c", true),
            ("a*c", "a*b*c", false),
            ("a\\*b", "a*b", true),
            ("a*b", "a\\*b", false),
            ("a\\*b", "a\\*b", true),
            ("*/*", "**/**", true),
            ("**/**", "**/*", true),
            ("**/*", "**/**", true),
            ("*a", "**a", true),
            ("**a", "*a", false),
            ("комната/*", "комната/**", true),
        ] {
            assert_eq!(is_within(inner, outer), expected, "{inner} within {outer}");
        }
    }

    #[test]
    fn a_search_that_is_too_dear_ends_with_a_no() {
        let (inner, outer) = (pattern("a*b*c*"), pattern("a*c*"));
        assert!(inner.is_within(&outer, &mut 1_000));
        assert!(!inner.is_within(&outer, &mut 3));
        let hard = "*a*b".repeat(4);
        let mut budget = 50_000;
        let wide = format!("**{}", "ab".repeat(100));
        assert!(!pattern(&wide).is_within(&pattern(&format!("{hard}x")), &mut budget));
    }

    /// Every name of up to six letters.
    fn names() -> Vec<String> {
        let mut all = vec![String::new()];
        let mut from = 0;
        for _ in 0..6 {
            let to = all.len();
            for at in from..to {
                for letter in ["a", "b", "/", "c"] {
                    all.push(format!("{}{letter}", all[at]));
                }
            }
            from = to;
        }
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]
        #[test]
        fn the_search_agrees_with_the_matcher(inner in "[ab/*]{1,5}", outer in "[ab/*]{1,5}") {
            thread_local!(static NAMES: Vec<String> = names());
            let (inner, outer) = (pattern(&inner), pattern(&outer));
            let counterexample = NAMES.with(|names| {
                names.iter().find(|name| inner.matches(name) && !outer.matches(name)).cloned()
            });
            let within = inner.is_within(&outer, &mut 1_000_000);
            prop_assert_eq!(within, counterexample.is_none(), "{:?}", counterexample);
        }
    }
}
