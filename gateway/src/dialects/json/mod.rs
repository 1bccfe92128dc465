//! Strict JSON, read in place.
//!
//! A text is checked once as a whole: syntax, nesting, surrogates, nothing behind the value. After
//! that a [`Value`] is a slice of it, and reading members copies nothing. Payloads keep their
//! bytes: no number goes through a float and no object through a map.
//! Source: the rules for bad input, JSON.

mod escape;
mod scan;
#[cfg(test)]
mod tests;

pub use escape::{push_escaped, written_bytes};
use smallvec::SmallVec;
use std::borrow::Cow;

/// Containers may be nested this deep.
pub const MAX_DEPTH: usize = 32;

/// Members that nobody asks for are passed over, but only so many of them per object.
pub const MAX_UNKNOWN_MEMBERS: usize = 64;

/// Why a text is not JSON that we take, and inside which outermost member.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at byte {at}{}", within(.member))]
pub struct NotJson {
    pub problem: Problem,
    pub at: usize,
    pub member: Option<String>,
}

fn within(member: &Option<String>) -> String {
    member.as_ref().map(|name| format!(" in {name}")).unwrap_or_default()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("syntax error")]
    Syntax,
    #[error("trailing bytes")]
    TrailingBytes,
    #[error("nesting over {MAX_DEPTH}")]
    TooDeep,
    #[error("lone surrogate")]
    LoneSurrogate,
}

/// What is wrong with a member of an object that is JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMember {
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} is given twice")]
    Twice(String),
    #[error("has more than {MAX_UNKNOWN_MEMBERS} unknown members")]
    TooMany,
    #[error("{name} must be {expected}")]
    Kind { name: &'static str, expected: &'static str },
}

/// The text of one value that is known to be JSON, without blanks around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a>(&'a str);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Object,
    Array,
    String,
    Number,
    Boolean,
    Null,
}

/// Checks the whole of `text`.
pub fn parse(text: &str) -> Result<Value<'_>, NotJson> {
    scan::document(text).map(|(from, to)| Value(&text[from..to]))
}

impl<'a> Value<'a> {
    pub fn as_text(self) -> &'a str {
        self.0
    }

    pub fn kind(self) -> Kind {
        match self.0.as_bytes()[0] {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'"' => Kind::String,
            b't' | b'f' => Kind::Boolean,
            b'n' => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// The decoded text of a string.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        (self.kind() == Kind::String).then(|| unescape(&self.0[1..self.0.len() - 1]))
    }

    /// The items of an array; none of anything else.
    pub fn items(self) -> Items<'a> {
        let inside = if self.kind() == Kind::Array { self.0 } else { "[]" };
        Items { text: inside, at: 1 }
    }

    /// The members of an object in their order; none of anything else.
    pub fn members(self) -> Members<'a> {
        let inside = if self.kind() == Kind::Object { self.0 } else { "{}" };
        Members { text: inside, at: 1 }
    }

    /// The members with these names. No member may be given twice, whether it is asked for or not;
    /// `null` is absent.
    pub fn pick<const N: usize>(
        self,
        names: [&'static str; N],
    ) -> Result<[Option<Value<'a>>; N], BadMember> {
        let mut found = [None; N];
        let mut unknown = SmallVec::<[Cow<'a, str>; 4]>::new();
        for (name, value) in self.members() {
            let is_again = match names.iter().position(|n| *n == name) {
                Some(slot) => found[slot].replace(value).is_some(),
                None if unknown.len() == MAX_UNKNOWN_MEMBERS => return Err(BadMember::TooMany),
                None => unknown.contains(&name),
            };
            if is_again {
                return Err(BadMember::Twice(name.chars().take(40).collect()));
            }
            if !names.contains(&name.as_ref()) {
                unknown.push(name);
            }
        }
        Ok(found.map(|value| value.filter(|v| v.kind() != Kind::Null)))
    }

    /// The same value without blanks between its parts; strings and numbers keep their bytes.
    pub fn compact(self) -> Cow<'a, str> {
        let mut parts = Parts { text: self.0, at: 0 };
        let first = parts.next().unwrap_or_default();
        if first.len() == self.0.len() {
            return Cow::Borrowed(first);
        }
        let mut all = String::with_capacity(self.0.len());
        all.push_str(first);
        all.extend(parts);
        Cow::Owned(all)
    }
}

/// The runs of a JSON text between its blanks outside strings.
struct Parts<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;
    fn next(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        let from = scan::past_blanks(bytes, self.at);
        let mut to = from;
        while to < bytes.len() && !matches!(bytes[to], b' ' | b'\t' | b'\n' | b'\r') {
            to = if bytes[to] == b'"' { scan::end_of_value(bytes, to) } else { to + 1 };
        }
        self.at = to;
        (to > from).then(|| &self.text[from..to])
    }
}

pub struct Items<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;
    fn next(&mut self) -> Option<Value<'a>> {
        next_value(self.text, &mut self.at)
    }
}

pub struct Members<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Value<'a>);
    fn next(&mut self) -> Option<Self::Item> {
        let name = next_value(self.text, &mut self.at)?.as_str()?;
        let value = next_value(self.text, &mut self.at)?;
        Some((name, value))
    }
}

/// The value behind blanks and at most one `,` or `:`; none at a closing bracket.
fn next_value<'a>(text: &'a str, at: &mut usize) -> Option<Value<'a>> {
    let bytes = text.as_bytes();
    let mut from = scan::past_blanks(bytes, *at);
    if let Some(b',' | b':') = bytes.get(from) {
        from = scan::past_blanks(bytes, from + 1);
    }
    if matches!(bytes.get(from), None | Some(b']' | b'}')) {
        return None;
    }
    *at = scan::end_of_value(bytes, from);
    Some(Value(&text[from..*at]))
}

/// Decodes the inside of a string that is known to be JSON.
fn unescape(raw: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', raw.as_bytes()) else { return Cow::Borrowed(raw) };
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    let mut next = Some(first);
    while let Some(at) = next {
        text.push_str(&rest[..at]);
        let (c, used) = escaped(&rest[at..]);
        text.push(c);
        rest = &rest[at + used..];
        next = memchr::memchr(b'\\', rest.as_bytes());
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The character at the head of `raw`, which starts with a backslash, and how long it is written.
fn escaped(raw: &str) -> (char, usize) {
    let unit = |from: usize| {
        raw.get(from..from + 4).and_then(|hex| u16::from_str_radix(hex, 16).ok()).unwrap_or(0xFFFD)
    };
    match raw.as_bytes().get(1) {
        Some(b'b') => ('\u{8}', 2),
        Some(b'f') => ('\u{c}', 2),
        Some(b'n') => ('\n', 2),
        Some(b'r') => ('\r', 2),
        Some(b't') => ('\t', 2),
        Some(b'u') => {
            let high = unit(2);
            let pair = (0xD800..0xDC00).contains(&high);
            let units = [high, if pair { unit(8) } else { 0 }];
            let used = if pair { 2 } else { 1 };
            let c = char::decode_utf16(units[..used].iter().copied()).next();
            (c.and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER), used * 6)
        }
        Some(other) => (*other as char, 2),
        None => (char::REPLACEMENT_CHARACTER, 1),
    }
}
