//! The signed query of the Pusher family's HTTP API, from both sides.
//!
//! Source: spec of the family: HMAC-SHA256 in lower-case hex over method, path and the sorted
//! query; `body_md5` in the query covers the body.

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha2::Sha256;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Signs and checks with one app's secret. Cloning the prepared state saves two hash rounds.
#[derive(Clone)]
pub struct Signer(Hmac<Sha256>);

impl Signer {
    pub fn new(secret: &str) -> Self {
        Self(Hmac::new_from_slice(secret.as_bytes()).unwrap_or_else(|_| {
            unreachable!("HMAC takes keys of any length");
        }))
    }

    /// Appends `&auth_signature=…` for a POST to `path` with the query in `out[query_from..]`.
    pub fn append(&self, path: &[u8], out: &mut Vec<u8>, query_from: usize) {
        let digest = self.digest(path, &out[query_from..]);
        out.extend_from_slice(b"&auth_signature=");
        append_hex(out, &digest);
    }

    /// Whether a POST's query, its members sorted and the signature last, is right for the body.
    pub fn accepts(&self, path: &[u8], query: &[u8], body: &[u8]) -> bool {
        let Some(at) = memchr::memmem::find(query, b"&auth_signature=") else { return false };
        let (signed, signature) = (&query[..at], &query[at + b"&auth_signature=".len()..]);
        let Some(at) = memchr::memmem::find(signed, b"&body_md5=") else { return false };
        let body_md5 = &signed[at + b"&body_md5=".len()..];
        is_hex_of(body_md5, &Md5::digest(body)) && is_hex_of(signature, &self.digest(path, signed))
    }

    fn digest(&self, path: &[u8], query: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(b"POST\n");
        mac.update(path);
        mac.update(b"\n");
        mac.update(query);
        mac.finalize().into_bytes().into()
    }
}

pub fn append_md5_hex(out: &mut Vec<u8>, body: &[u8]) {
    append_hex(out, &Md5::digest(body));
}

fn append_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
}

/// Compares without an early end.
fn is_hex_of(text: &[u8], bytes: &[u8]) -> bool {
    text.len() == bytes.len() * 2
        && bytes.iter().zip(text.chunks_exact(2)).fold(0, |difference, (byte, pair)| {
            difference
                | (pair[0] ^ HEX[usize::from(byte >> 4)])
                | (pair[1] ^ HEX[usize::from(byte & 15)])
        }) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(body: &[u8]) -> Vec<u8> {
        let mut query = b"auth_key=k&auth_timestamp=1&auth_version=1.0&body_md5=".to_vec();
        append_md5_hex(&mut query, body);
        Signer::new("secret").append(b"/apps/1/events", &mut query, 0);
        query
    }

    #[test]
    fn what_was_signed_is_accepted_and_nothing_else() {
        let query = signed(b"{}");
        let accepts = |secret, path: &[u8], query: &[u8], body: &[u8]| {
            Signer::new(secret).accepts(path, query, body)
        };
        assert!(accepts("secret", b"/apps/1/events", &query, b"{}"));
        assert!(!accepts("other", b"/apps/1/events", &query, b"{}"));
        assert!(!accepts("secret", b"/apps/2/events", &query, b"{}"));
        assert!(!accepts("secret", b"/apps/1/events", &query, b"[]"));
        assert!(!accepts("secret", b"/apps/1/events", &query[..query.len() - 1], b"{}"));
        assert!(!accepts("secret", b"/apps/1/events", b"auth_key=k", b"{}"));
    }
}
