//! What a refused caller is told beside the dialect's own words.

use super::RequestId;
use crate::admission::{Detail, Refusal};
use actix_http::header::{HeaderName, HeaderValue};
use bytes::Bytes;
use contract::RefusalCode;
use std::fmt::Write;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CODE: HeaderName = HeaderName::from_static("x-refusal-code");
const RULE: HeaderName = HeaderName::from_static("x-refusal-rule");
const USED: HeaderName = HeaderName::from_static("x-refusal-used");
const LIMIT: HeaderName = HeaderName::from_static("x-refusal-limit");
const RESETS_AT: HeaderName = HeaderName::from_static("x-refusal-resets-at");

/// A frame or body without its member `refusal`, in which an id is.
#[cfg(test)]
pub fn without_refusal(text: &str) -> String {
    let Some(at) = text.find(r#","refusal":{"#) else { return text.to_owned() };
    let end = text[at..].find('}').expect("an object has an end");
    format!("{}{}", &text[..at], &text[at + end + 1..])
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub id: RequestId,
    /// The machine code; nothing where admission had no part in it.
    pub code: Option<RefusalCode>,
    pub detail: Detail,
}

impl Told {
    /// The headers, for a page of another origin to be allowed to read them.
    pub const EXPOSED: &str = "X-Request-Id, X-Refusal-Code, X-Refusal-Rule, X-Refusal-Used, \
                               X-Refusal-Limit, X-Refusal-Resets-At, Retry-After";

    /// About a refusal, with an id of its own. `now_ms` is Unix time.
    pub fn of(refusal: Option<&Refusal>, now_ms: u64) -> Self {
        Self {
            id: RequestId::fresh(),
            code: refusal.map(Refusal::code),
            detail: refusal.map(|refusal| refusal.detail(now_ms)).unwrap_or_default(),
        }
    }

    /// The same under another code, where the true one would tell strangers too much.
    pub fn masked(self, code: Option<RefusalCode>) -> Self {
        Self { code: code.or(self.code), ..self }
    }

    pub fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let Detail { rule, used, limit, resets_at } = self.detail;
        // Sixteen bytes in hexadecimal are always a header's value.
        let id = HeaderValue::from_str(&self.id.to_string()).ok().map(|id| (REQUEST_ID, id));
        let text = |name, text: Option<&'static str>| {
            text.map(|text| (name, HeaderValue::from_static(text)))
        };
        let number =
            |name, number: Option<u64>| number.map(|number| (name, HeaderValue::from(number)));
        let resets_at = resets_at.map(|at| (RESETS_AT, HeaderValue::from(at)));
        [
            id,
            text(CODE, self.code.map(RefusalCode::as_str)),
            text(RULE, rule),
            number(USED, used),
            number(LIMIT, limit),
            resets_at,
        ]
        .into_iter()
        .flatten()
    }

    /// `object` with one more member `refusal`, where it is the text of a JSON object.
    pub fn into_body(&self, object: Bytes) -> Bytes {
        self.into_frame(object, 1)
    }

    /// The same for an object within so many objects, each the last member of its own.
    pub fn into_frame(&self, frame: Bytes, depth: usize) -> Bytes {
        let Some(head) = frame.len().checked_sub(depth) else { return frame };
        let (head, tail) = frame.split_at(head);
        if tail.iter().any(|byte| *byte != b'}') || head.is_empty() {
            return frame;
        }
        let mut member = String::with_capacity(192);
        if !head.ends_with(b"{") {
            member.push(',');
        }
        self.push_member(&mut member);
        [head, member.as_bytes(), tail].concat().into()
    }

    fn push_member(&self, out: &mut String) {
        let Detail { rule, used, limit, resets_at } = self.detail;
        // Writing to a text does not fail.
        let _ = write!(out, r#""refusal":{{"request_id":"{}""#, self.id);
        if let Some(code) = self.code {
            let _ = write!(out, r#","code":"{}""#, code.as_str());
        }
        if let Some(rule) = rule {
            let _ = write!(out, r#","rule":"{rule}""#);
        }
        if let Some(used) = used {
            let _ = write!(out, r#","used":{used}"#);
        }
        if let Some(limit) = limit {
            let _ = write!(out, r#","limit":{limit}"#);
        }
        if let Some(resets_at) = resets_at {
            let _ = write!(out, r#","resets_at":{resets_at}"#);
        }
        out.push('}');
    }
}
