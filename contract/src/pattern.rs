//! Channel patterns of scopes: `*` within a segment, `**` across segments.

mod within;

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

/// A compiled channel pattern.
///
/// Grammar: `*` is any run of characters without `/`, also none; `**` (or more stars) is any run;
/// `\*` and `\\` are a star and a backslash; anything else is itself. The whole name must match.
/// Cost: linear in the name for every pattern, because patterns are customers' input.
/// Source: spec/metered.md §6.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    raw: String,
    tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Literal(Box<[u8]>),
    /// Any run of bytes without `/`.
    Segment,
    /// Any run of bytes.
    Any,
}

impl Pattern {
    pub const MAX_BYTES: usize = 256;
    pub const MAX_STARS: usize = 16;

    pub fn as_str(&self) -> &str {
        &self.raw
    }

    /// Whether the whole of `name` matches.
    pub fn matches(&self, name: &str) -> bool {
        walk(&self.tokens, name.as_bytes())
    }
}

/// Greedy walk with two resumption points: the last `**` and, after it, the last `*`.
///
/// A failure behind a `*` is retried one byte further into that `*`, and once the `*` cannot grow
/// (it meets a `/`), one byte further into the last `**`. Later stars make earlier ones
/// irrelevant, so no third point is needed.
fn walk(tokens: &[Token], name: &[u8]) -> bool {
    let (mut token, mut at) = (0, 0);
    let mut any: Option<(usize, usize)> = None;
    let mut segment: Option<(usize, usize)> = None;
    loop {
        let stepped = match tokens.get(token) {
            None if at == name.len() => return true,
            None => false,
            Some(Token::Any) => {
                if token + 1 == tokens.len() {
                    return true;
                }
                any = Some((token, at));
                segment = None;
                token += 1;
                true
            }
            Some(Token::Segment) => {
                segment = Some((token, at));
                token += 1;
                true
            }
            Some(Token::Literal(text)) if name[at..].starts_with(text) => {
                at += text.len();
                token += 1;
                true
            }
            Some(Token::Literal(_)) => false,
        };
        if stepped {
            continue;
        }
        if let Some((star, from)) = segment
            && from < name.len()
            && name[from] != b'/'
        {
            segment = Some((star, from + 1));
            (token, at) = (star + 1, from + 1);
        } else if let Some((star, from)) = any
            && from < name.len()
        {
            any = Some((star, from + 1));
            segment = None;
            (token, at) = (star + 1, from + 1);
        } else {
            return false;
        }
    }
}

fn compile(raw: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut literal = Vec::new();
    let mut bytes = raw.bytes().peekable();
    while let Some(b) = bytes.next() {
        match b {
            b'\\' if matches!(bytes.peek(), Some(b'*' | b'\\')) => literal.extend(bytes.next()),
            b'*' => {
                let mut stars = 1;
                while bytes.next_if_eq(&b'*').is_some() {
                    stars += 1;
                }
                if !literal.is_empty() {
                    tokens.push(Token::Literal(std::mem::take(&mut literal).into()));
                }
                tokens.push(if stars == 1 { Token::Segment } else { Token::Any });
            }
            _ => literal.push(b),
        }
    }
    if !literal.is_empty() {
        tokens.push(Token::Literal(literal.into()));
    }
    tokens
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
        let tokens = compile(raw);
        if tokens.iter().filter(|t| !matches!(t, Token::Literal(_))).count() > Self::MAX_STARS {
            return Err(BadPattern::TooManyStars { max: Self::MAX_STARS });
        }
        Ok(Self { raw: raw.to_owned(), tokens })
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
        pattern.raw
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.raw)
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
    fn naive(tokens: &[Token], name: &[u8]) -> bool {
        match tokens.split_first() {
            None => name.is_empty(),
            Some((Token::Literal(text), rest)) => {
                name.starts_with(text) && naive(rest, &name[text.len()..])
            }
            Some((star, rest)) => (0..=name.len())
                .take_while(|&n| *star == Token::Any || !name[..n].contains(&b'/'))
                .any(|n| naive(rest, &name[n..])),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn the_walk_equals_the_definition(pattern in "[ab/*]{1,10}", name in "[ab/]{0,12}") {
            let compiled: Pattern = pattern.parse().unwrap();
            prop_assert_eq!(compiled.matches(&name), naive(&compiled.tokens, name.as_bytes()));
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
