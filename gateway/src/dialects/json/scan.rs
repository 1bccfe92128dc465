//! One pass over a text that says whether it is JSON, without recursion and without allocating.

use super::{MAX_DEPTH, NotJson, Problem};

/// Walks the whole text. The answer is where its one value starts and ends.
pub(super) fn document(text: &str) -> Result<(usize, usize), NotJson> {
    let mut scanner = Scanner { bytes: text.as_bytes(), at: 0, member: None };
    scanner.document().map_err(|problem| NotJson {
        problem,
        at: scanner.at,
        member: scanner.member.map(|(from, to)| text[from..to].chars().take(40).collect()),
    })
}

/// Where the value ends that starts at `at` of a text that is known to be JSON.
pub(super) fn end_of_value(bytes: &[u8], at: usize) -> usize {
    match bytes[at] {
        b'"' => end_of_string(bytes, at),
        b'{' | b'[' => end_of_container(bytes, at),
        _ => bytes[at..]
            .iter()
            .position(|b| matches!(b, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'))
            .map_or(bytes.len(), |n| at + n),
    }
}

fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while let Some(n) = memchr::memchr2(b'"', b'\\', &bytes[at..]) {
        at += n;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

fn end_of_container(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0usize;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at = end_of_string(bytes, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    at
}

/// Past any blanks from `at` on.
pub(super) fn past_blanks(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the name of the outermost member stands that is being read.
    member: Option<(usize, usize)>,
}

impl Scanner<'_> {
    fn document(&mut self) -> Result<(usize, usize), Problem> {
        self.blanks();
        let start = self.at;
        self.value()?;
        let end = self.at;
        self.blanks();
        match self.at == self.bytes.len() {
            true => Ok((start, end)),
            false => Err(Problem::TrailingBytes),
        }
    }

    /// One value with everything in it. `objects` remembers, a bit per level, which of the open
    /// containers are objects.
    fn value(&mut self) -> Result<(), Problem> {
        let mut objects = 0u64;
        let mut depth = 0;
        loop {
            let opened = self.open_or_scalar()?;
            if let Some(is_object) = opened {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(Problem::TooDeep);
                }
                objects = objects << 1 | u64::from(is_object);
                self.blanks();
                if self.peek() != Some(if is_object { b'}' } else { b']' }) {
                    if is_object {
                        self.key(depth)?;
                    }
                    continue;
                }
            }
            loop {
                if depth == 0 {
                    return Ok(());
                }
                self.blanks();
                let in_object = objects & 1 == 1;
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        self.blanks();
                        if in_object {
                            self.key(depth)?;
                        }
                        break;
                    }
                    Some(b'}') if in_object => {}
                    Some(b']') if !in_object => {}
                    _ => return Err(Problem::Syntax),
                }
                self.at += 1;
                depth -= 1;
                objects >>= 1;
            }
        }
    }

    /// Reads a scalar, or the bracket that opens a container: then whether it is an object.
    fn open_or_scalar(&mut self) -> Result<Option<bool>, Problem> {
        match self.peek() {
            Some(b'{') => {
                self.at += 1;
                Ok(Some(true))
            }
            Some(b'[') => {
                self.at += 1;
                Ok(Some(false))
            }
            Some(b'"') => self.string().map(|()| None),
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| None),
            Some(b't') => self.literal(b"true").map(|()| None),
            Some(b'f') => self.literal(b"false").map(|()| None),
            Some(b'n') => self.literal(b"null").map(|()| None),
            _ => Err(Problem::Syntax),
        }
    }

    fn key(&mut self, depth: usize) -> Result<(), Problem> {
        let from = self.at + 1;
        match self.peek() {
            Some(b'"') => self.string()?,
            _ => return Err(Problem::Syntax),
        }
        if depth == 1 {
            self.member = Some((from, self.at - 1));
        }
        self.blanks();
        match self.peek() {
            Some(b':') => self.at += 1,
            _ => return Err(Problem::Syntax),
        }
        self.blanks();
        Ok(())
    }

    fn string(&mut self) -> Result<(), Problem> {
        self.at += 1;
        loop {
            let rest = &self.bytes[self.at..];
            let plain = rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20));
            self.at += plain.unwrap_or(rest.len());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                _ => return Err(Problem::Syntax),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Problem> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => match self.code_unit()? {
                0xD800..=0xDBFF => match self.peek() == Some(b'\\')
                    && self.bytes.get(self.at + 1) == Some(&b'u')
                    && matches!(self.code_unit()?, 0xDC00..=0xDFFF)
                {
                    true => Ok(()),
                    false => Err(Problem::LoneSurrogate),
                },
                0xDC00..=0xDFFF => Err(Problem::LoneSurrogate),
                _ => Ok(()),
            },
            _ => Err(Problem::Syntax),
        }
    }

    /// The four digits of `\uXXXX`, of which `at` is the backslash.
    fn code_unit(&mut self) -> Result<u16, Problem> {
        let digits = self.bytes.get(self.at + 2..self.at + 6).ok_or(Problem::Syntax)?;
        let unit = digits.iter().try_fold(0u16, |unit, b| {
            (*b as char).to_digit(16).map(|digit| unit << 4 | digit as u16)
        });
        self.at += 6;
        unit.ok_or(Problem::Syntax)
    }

    fn number(&mut self) -> Result<(), Problem> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(Problem::Syntax),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Problem> {
        let from = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        match self.at > from {
            true => Ok(()),
            false => Err(Problem::Syntax),
        }
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), Problem> {
        match self.bytes[self.at..].starts_with(word) {
            true => {
                self.at += word.len();
                Ok(())
            }
            false => Err(Problem::Syntax),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        self.at = past_blanks(self.bytes, self.at);
    }
}
