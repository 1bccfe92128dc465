//! Channel patterns of scopes: `*` within a segment, `**` across segments.

mod within;

pub(crate) use within::is_within;

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Why a text is not a channel pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    #[error("must be 1 to {max} bytes long, is {bytes}")]
    Length { max: usize, bytes: usize },
    #[error("has more than {max} stars")]
    TooManyStars { max: usize },
    #[error("has a control character at byte {at}")]
    Byte { at: usize },
}

/// A channel pattern.
///
/// Grammar: `*` is any run of characters without `/`, also none; `**` (or more stars) is any run;
/// `\*` and `\\` are a star and a backslash; anything else is itself. The whole name must match.
/// Cost: linear in the name for every pattern, because patterns are customers' input. It is read
/// from its text each time: a gateway may hold a million of them, and most are short.
/// Source: spec/metered.md §6.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(Box<str>);

/// One thing that a pattern says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Byte(u8),
    /// Any run of bytes without `/`.
    Segment,
    /// Any run of bytes.
    Any,
}

impl Pattern {
    pub const MAX_BYTES: usize = 256;
    pub const MAX_STARS: usize = 16;

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole of `name` matches.
    pub fn matches(&self, name: &str) -> bool {
        matches(&self.0, name)
    }
}

/// Whether the whole of `name` matches the text of a pattern.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    walk(pattern.as_bytes(), name.as_bytes())
}

/// The step that begins at `at`, and where the next one does.
fn step(pattern: &[u8], at: usize) -> Option<(Step, usize)> {
    let byte = *pattern.get(at)?;
    Some(match (byte, pattern.get(at + 1)) {
        (b'\\', Some(&escaped @ (b'*' | b'\\'))) => (Step::Byte(escaped), at + 2),
        (b'*', Some(b'*')) => {
            let stars = pattern[at..].iter().take_while(|byte| **byte == b'*').count();
            (Step::Any, at + stars)
        }
        (b'*', _) => (Step::Segment, at + 1),
        _ => (Step::Byte(byte), at + 1),
    })
}

fn steps(pattern: &str) -> Vec<Step> {
    let mut steps = Vec::with_capacity(pattern.len());
    let mut at = 0;
    while let Some((step, next)) = step(pattern.as_bytes(), at) {
        steps.push(step);
        at = next;
    }
    steps
}

/// Greedy walk with two resumption points: the last `**` and, after it, the last `*`.
///
/// A failure behind a `*` is retried one byte further into that `*`, and once the `*` cannot grow
/// (it meets a `/`), one byte further into the last `**`. Later stars make earlier ones
/// irrelevant, so no third point is needed.
fn walk(pattern: &[u8], name: &[u8]) -> bool {
    let (mut place, mut at) = (0, 0);
    // Behind the star, and up to where in the name it reaches.
    let mut any: Option<(usize, usize)> = None;
    let mut segment: Option<(usize, usize)> = None;
    loop {
        let stepped = match step(pattern, place) {
            None if at == name.len() => return true,
            None => false,
            Some((Step::Any, next)) => {
                if next == pattern.len() {
                    return true;
                }
                any = Some((next, at));
                segment = None;
                place = next;
                true
            }
            Some((Step::Segment, next)) => {
                segment = Some((next, at));
                place = next;
                true
            }
            Some((Step::Byte(byte), next)) if name.get(at) == Some(&byte) => {
                at += 1;
                place = next;
                true
            }
            Some((Step::Byte(_), _)) => false,
        };
        if stepped {
            continue;
        }
        if let Some((next, from)) = segment
            && from < name.len()
            && name[from] != b'/'
        {
            segment = Some((next, from + 1));
            (place, at) = (next, from + 1);
        } else if let Some((next, from)) = any
            && from < name.len()
        {
            any = Some((next, from + 1));
            segment = None;
            (place, at) = (next, from + 1);
        } else {
            return false;
        }
    }
}

impl FromStr for Pattern {
    type Err = BadPattern;
    fn from_str(raw: &str) -> Result<Self, BadPattern> {
        if raw.is_empty() || raw.len() > Self::MAX_BYTES {
            return Err(BadPattern::Length { max: Self::MAX_BYTES, bytes: raw.len() });
        }
        if let Some((at, _)) = raw.char_indices().find(|(_, c)| c.is_control()) {
            return Err(BadPattern::Byte { at });
        }
        let stars = steps(raw).into_iter().filter(|step| !matches!(step, Step::Byte(_)));
        if stars.count() > Self::MAX_STARS {
            return Err(BadPattern::TooManyStars { max: Self::MAX_STARS });
        }
        Ok(Self(raw.into()))
    }
}

impl TryFrom<String> for Pattern {
    type Error = BadPattern;
    fn try_from(raw: String) -> Result<Self, BadPattern> {
        raw.parse()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> String {
        pattern.0.into()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_sheets_table_holds() {
        for (pattern, name, expected) in [
            ("app_abc/*", "app_abc/room-1", true),
            ("app_abc/*", "app_abc/sub/deep", false),
            ("app_abc/**", "app_abc/sub/deep", true),
            ("**", "other/x", true),
            ("app_abc/room-*", "app_abc/room-1", true),
            ("app_abc/room-*", "app_abc/sub/deep", false),
            ("*", "a/b", false),
            ("room-*", "Room-1", false),
            ("app_abc/*", "app_abc", false),
            ("app_abc/**", "app_abc", false),
            ("app_abc/*", "app_abc/", true),
            ("devices/*/events", "devices/7/events", true),
            ("devices/*/events", "devices/7/x/events", false),
            ("**/events", "a/b/events", true),
            ("**/events", "events", false),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("a***b", "a/x/b", true),
            ("a\\", "a\\", true),
        ] {
            let compiled: Pattern = pattern.parse().expect(pattern);
            assert_eq!(compiled.matches(name), expected, "{pattern} on {name}");
        }
    }

    /// The definition, written for reading: try every length for every star.
    fn naive(steps: &[Step], name: &[u8]) -> bool {
        match steps.split_first() {
            None => name.is_empty(),
            Some((Step::Byte(byte), rest)) => name.first() == Some(byte) && naive(rest, &name[1..]),
            Some((star, rest)) => (0..=name.len())
                .take_while(|&n| *star == Step::Any || !name[..n].contains(&b'/'))
                .any(|n| naive(rest, &name[n..])),
        }
    }

    fn random_pairs(pairs: u32) {
        let config = ProptestConfig { cases: pairs, ..ProptestConfig::default() };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let strategy = ("[ab/*\\\\]{1,10}", "[ab/*\\\\]{0,12}");
        let outcome = runner.run(&strategy, |(pattern, name)| {
            let held: Pattern = pattern.parse().unwrap();
            prop_assert_eq!(held.matches(&name), naive(&steps(&pattern), name.as_bytes()));
            Ok(())
        });
        outcome.unwrap();
    }

    #[test]
    fn the_walk_equals_the_definition() {
        random_pairs(100_000);
    }

    #[test]
    #[ignore = "ten million pairs: run it in a release build"]
    fn the_walk_equals_the_definition_ten_million_times() {
        random_pairs(10_000_000);
    }

    #[test]
    fn a_text_is_read_in_steps() {
        for (pattern, expected) in [
            ("a*", vec![Step::Byte(b'a'), Step::Segment]),
            ("***a", vec![Step::Any, Step::Byte(b'a')]),
            (r"\*\\*", vec![Step::Byte(b'*'), Step::Byte(b'\\'), Step::Segment]),
            (r"\a\", vec![Step::Byte(b'\\'), Step::Byte(b'a'), Step::Byte(b'\\')]),
        ] {
            assert_eq!(steps(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn length_and_stars_are_bounded() {
        assert!("a".repeat(256).parse::<Pattern>().is_ok());
        assert!("a".repeat(257).parse::<Pattern>().is_err());
        assert!("*a".repeat(16).parse::<Pattern>().is_ok());
        assert!("*a".repeat(17).parse::<Pattern>().is_err());
        assert!("".parse::<Pattern>().is_err());
    }
}
