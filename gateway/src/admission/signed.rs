//! The signed query: what may have been signed, and whether it was.
//!
//! SDKs disagree on how values are escaped and how arrays are written. Each reading is a
//! candidate; the usual one is streamed into the HMAC without building its text.
//! Source: spec/pusher.md §15.

use crate::{
    admission::{
        credential::parse_lower_hex,
        query::{Param, Query, decode, is_array},
    },
    directory::SigningKey,
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use smallvec::SmallVec;
use std::borrow::Cow;
use subtle::ConstantTimeEq;

/// What was requested, as far as it is signed.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a, 'q> {
    pub method: &'a str,
    /// As received, without the query.
    pub path: &'a str,
    /// A prefix that may stand before the path without being signed; empty for none.
    pub mount: &'a str,
    pub query: &'a Query<'q>,
}

/// More readings than this are not tried.
const MAX_CANDIDATES: usize = 8;

/// How the escapes of a value were read by whoever signed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Values {
    Decoded,
    DecodedPlusLiteral,
    Raw,
}

/// How an array was written in the text that was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrays {
    Repeated,
    Joined,
}

/// One way in which the request may have been written down before it was signed.
struct Reading<'a> {
    steps: usize,
    path: Cow<'a, str>,
    values: Values,
    arrays: Arrays,
}

/// A signature in its one canonical form: 64 lower-case hexadecimal digits.
pub fn parse_signature(raw: &str) -> Option<[u8; 32]> {
    parse_lower_hex(raw)
}

impl Signed<'_, '_> {
    /// Whether `signature` is that of one of the readings; with `strict`, of the usual one.
    ///
    /// Takes the same time whatever the key, so it is asked with a stand-in for unknown ones.
    pub fn verify(&self, key: &SigningKey, signature: &[u8; 32], strict: bool) -> bool {
        let simple = self.is_simple();
        if simple && bool::from(self.stream(key.start()).ct_eq(signature)) {
            return true;
        }
        let tried = if strict { 1 } else { MAX_CANDIDATES };
        self.candidates().take(tried).skip(usize::from(simple)).any(|reading| {
            let text = self.text(&reading);
            bool::from(key.sign(&[text.as_bytes()]).ct_eq(signature))
        })
    }

    /// What is signed, in structure: names only, for the caller who has to find the mistake.
    pub fn structure(&self) -> String {
        let mut keys: Vec<_> = self.sorted().iter().map(|p| decode(p.key, false)).collect();
        keys.dedup();
        let mut text = format!("{} {} with {}", self.method, self.path, keys.join(", "));
        text.truncate(text.floor_char_boundary(512));
        text
    }

    /// Whether sorting the keys as they are is all the rearranging there is to do.
    fn is_simple(&self) -> bool {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.".contains(&b);
        self.query.params.iter().all(|param| param.key.bytes().all(plain))
    }

    fn sorted(&self) -> SmallVec<[Param<'_>; 16]> {
        let signed = |param: &&Param<'_>| param.key != "auth_signature";
        let mut params: SmallVec<[Param<'_>; 16]> =
            self.query.params.iter().filter(signed).copied().collect();
        params.sort_by_key(|param| param.key);
        params
    }

    /// The digest of the usual reading, fed piece by piece.
    fn stream(&self, mut mac: Hmac<Sha256>) -> [u8; 32] {
        mac.update(self.method.as_bytes());
        mac.update(b"\n");
        mac.update(self.path.as_bytes());
        let mut before: &[u8] = b"\n";
        for param in self.sorted() {
            mac.update(before);
            mac.update(param.key.as_bytes());
            mac.update(b"=");
            stream_decoded(&mut mac, param.value.as_bytes());
            before = b"&";
        }
        mac.finalize().into_bytes().into()
    }

    /// Readings in the order of their likelihood: each step away from the usual one counts alike.
    fn candidates(&self) -> impl Iterator<Item = Reading<'_>> {
        let (values, arrays) = (self.value_readings(), self.array_readings());
        let mut all = Vec::new();
        for (p, path) in self.paths().into_iter().enumerate() {
            for (v, &values) in values.iter().enumerate() {
                for (a, &arrays) in arrays.iter().enumerate() {
                    let path = path.clone();
                    all.push(Reading { steps: p + v + a, path, values, arrays });
                }
            }
        }
        all.sort_by_key(|reading| reading.steps);
        all.into_iter()
    }

    fn paths(&self) -> SmallVec<[Cow<'_, str>; 3]> {
        let mut paths = SmallVec::new();
        paths.push(Cow::Borrowed(self.path));
        let inner = match self.mount.is_empty() {
            true => self.path,
            false => self.path.strip_prefix(self.mount).unwrap_or(self.path),
        };
        if inner != self.path {
            paths.push(Cow::Borrowed(inner));
        }
        if inner.contains('%') {
            paths.push(decode(inner, false));
        }
        paths
    }

    /// Readings that differ: without `+` and `%` there is only one.
    fn value_readings(&self) -> SmallVec<[Values; 3]> {
        let any = |c| self.query.params.iter().any(|p| p.value.contains(c) || p.key.contains(c));
        let mut readings = SmallVec::new();
        readings.push(Values::Decoded);
        if any('+') {
            readings.push(Values::DecodedPlusLiteral);
        }
        if any('%') {
            readings.push(Values::Raw);
        }
        readings
    }

    fn array_readings(&self) -> SmallVec<[Arrays; 2]> {
        let mut readings = SmallVec::new();
        readings.push(Arrays::Repeated);
        if self.query.params.iter().any(|param| is_array(param.key)) {
            readings.push(Arrays::Joined);
        }
        readings
    }

    /// The text of one reading.
    fn text(&self, reading: &Reading<'_>) -> String {
        let Reading { path, values, arrays, .. } = reading;
        let mut pairs: Vec<(String, String)> = Vec::with_capacity(self.query.params.len());
        for param in self.query.params.iter().filter(|p| p.key != "auth_signature") {
            let value = match values {
                Values::Decoded => decode(param.value, true),
                Values::DecodedPlusLiteral => decode(param.value, false),
                Values::Raw => Cow::Borrowed(param.value),
            };
            let key = decode(param.key, *values == Values::Decoded).to_lowercase();
            match (array_name(&key), arrays) {
                (None, _) => pairs.push((key, value.into_owned())),
                (Some(name), Arrays::Repeated) => {
                    pairs.push((format!("{name}[]"), value.into_owned()));
                }
                (Some(name), Arrays::Joined) => {
                    match pairs.iter_mut().find(|(known, _)| known == name) {
                        Some((_, joined)) => {
                            joined.push(',');
                            joined.push_str(&value);
                        }
                        None => pairs.push((name.to_owned(), value.into_owned())),
                    }
                }
            }
        }
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        let query: Vec<String> = pairs.iter().map(|(k, v)| format!("{k}={v}")).collect();
        format!("{}\n{path}\n{}", self.method, query.join("&"))
    }
}

/// `info` of `info[]` and `info[0]`.
fn array_name(key: &str) -> Option<&str> {
    let (name, index) = key.strip_suffix(']')?.rsplit_once('[')?;
    (!name.is_empty() && index.bytes().all(|b| b.is_ascii_digit())).then_some(name)
}

/// Feeds `raw` with `%xx` undone once and `+` as a blank; a `%` without two digits stays.
fn stream_decoded(mac: &mut Hmac<Sha256>, raw: &[u8]) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr2(b'%', b'+', rest) {
        mac.update(&rest[..at]);
        let escape = rest.get(at + 1..at + 3).and_then(hex_byte);
        let (byte, used) = match (rest[at], escape) {
            (b'+', _) => (b' ', 1),
            (_, Some(byte)) => (byte, 3),
            (byte, None) => (byte, 1),
        };
        mac.update(&[byte]);
        rest = &rest[at + used..];
    }
    mac.update(rest);
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |b: u8| (b as char).to_digit(16);
    Some((digit(digits[0])? << 4 | digit(digits[1])?) as u8)
}
