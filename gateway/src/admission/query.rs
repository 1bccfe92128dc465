//! A query string, taken apart once and without copies.

use crate::admission::refusal::{Refusal, Why};
use percent_encoding::percent_decode_str;
use smallvec::SmallVec;
use std::borrow::Cow;

/// One `key=value`, as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param<'a> {
    pub key: &'a str,
    pub value: &'a str,
}

/// The parameters in the order received, and the `auth_*` ones by name.
#[derive(Debug, Default)]
pub struct Query<'a> {
    pub params: SmallVec<[Param<'a>; 16]>,
    pub auth: Auth<'a>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Auth<'a> {
    pub key: Option<&'a str>,
    pub timestamp: Option<&'a str>,
    pub version: Option<&'a str>,
    pub signature: Option<&'a str>,
    pub body_md5: Option<&'a str>,
}

impl<'a> Query<'a> {
    pub const MAX_PARAMS: usize = 64;

    /// Errors: `BadRequest` for too many parameters, 401 for an `auth_*` one given twice.
    pub fn parse(raw: &'a str) -> Result<Self, Refusal> {
        let mut query = Self::default();
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            if query.params.len() == Self::MAX_PARAMS {
                return Err(Refusal::BadRequest(format!(
                    "a query has at most {} parameters",
                    Self::MAX_PARAMS
                )));
            }
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            query.params.push(Param { key, value });
            query.auth.note(key, value)?;
        }
        Ok(query)
    }

    /// Whether the request means to be signed.
    pub fn is_signed(&self) -> bool {
        self.auth.key.is_some() || self.auth.signature.is_some()
    }

    /// Errors: `BadRequest` when a parameter that is not an array is given twice.
    pub fn check_duplicates(&self) -> Result<(), Refusal> {
        for (at, param) in self.params.iter().enumerate() {
            let again = self.params[at + 1..].iter().any(|other| other.key == param.key);
            if again && !is_array(param.key) {
                let key: String = decode(param.key, false).chars().take(64).collect();
                return Err(Refusal::BadRequest(format!("the parameter {key:?} is given twice")));
            }
        }
        Ok(())
    }
}

impl<'a> Auth<'a> {
    fn note(&mut self, key: &str, value: &'a str) -> Result<(), Refusal> {
        let (slot, name) = match key {
            "auth_key" => (&mut self.key, "auth_key"),
            "auth_timestamp" => (&mut self.timestamp, "auth_timestamp"),
            "auth_version" => (&mut self.version, "auth_version"),
            "auth_signature" => (&mut self.signature, "auth_signature"),
            "body_md5" => (&mut self.body_md5, "body_md5"),
            _ => return Ok(()),
        };
        match slot.replace(value) {
            None => Ok(()),
            Some(_) => Err(Refusal::Unauthorised(Why::Parameter(name))),
        }
    }
}

/// `k[]`, `k[0]`, or the same percent-encoded.
pub fn is_array(key: &str) -> bool {
    key.ends_with(']') || key.ends_with("%5D") || key.ends_with("%5d")
}

/// The value with its escapes undone once.
pub fn decode(raw: &str, plus_is_space: bool) -> Cow<'_, str> {
    let needs = |b| b == b'%' || (plus_is_space && b == b'+');
    if !raw.bytes().any(needs) {
        return Cow::Borrowed(raw);
    }
    let spaced = match plus_is_space && raw.contains('+') {
        true => Cow::Owned(raw.replace('+', " ")),
        false => Cow::Borrowed(raw),
    };
    Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_split_at_the_first_equals_sign() {
        let query = Query::parse("a=b=c&&flag&auth_key=k&body_md5=m").unwrap();
        let pairs: Vec<_> = query.params.iter().map(|p| (p.key, p.value)).collect();
        assert_eq!(pairs, [("a", "b=c"), ("flag", ""), ("auth_key", "k"), ("body_md5", "m")]);
        assert_eq!((query.auth.key, query.auth.body_md5), (Some("k"), Some("m")));
        assert!(query.is_signed());
    }

    #[test]
    fn duplicates_are_told_apart_by_what_they_are() {
        for name in ["auth_key", "auth_timestamp", "auth_version", "auth_signature", "body_md5"] {
            let refusal = Query::parse(&format!("{name}=1&{name}=1")).unwrap_err();
            assert_eq!(refusal, Refusal::Unauthorised(Why::Parameter(name)));
        }
        let twice = |raw| Query::parse(raw).unwrap().check_duplicates();
        assert_eq!(twice("info=a&info=b").map_err(|r| r.status()), Err(400));
        assert_eq!(twice("info[]=a&info[]=b&i%5B%5D=a&i%5B%5D=b"), Ok(()));
        assert_eq!(twice("a=1&b=1"), Ok(()));
    }

    #[test]
    fn parameters_are_bounded() {
        let raw = |n: usize| (0..n).map(|i| format!("p{i}=1")).collect::<Vec<_>>().join("&");
        assert!(Query::parse(&raw(64)).is_ok());
        assert_eq!(Query::parse(&raw(65)).unwrap_err().status(), 400);
    }
}
