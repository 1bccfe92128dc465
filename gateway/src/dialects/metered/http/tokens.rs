//! Signing tokens for a back end that has no JWT library. Source: spec/metered.md §12.3.

use super::answer::{Failure, Success, object, text};
use crate::{
    admission::{self, TokenOrder},
    dialects::{desk::Call, json::Value},
};

/// `POST /v1/tokens`
pub fn mint(call: &Call<'_>) -> Result<Success, Failure> {
    call.admitted.charge_read()?;
    let body = object(&call.body)?;
    let [peer, channels, permissions, expires_in, metadata, peer_metadata] = body
        .pick(["peerId", "channels", "permissions", "expiresInSec", "metadata", "peerMetadata"])
        .map_err(|e| Failure::bad_request(e.to_string()))?;
    let peer = text(peer, "peerId")?;
    let order = TokenOrder {
        peer: &peer.ok_or_else(|| Failure::bad_request("peerId is missing"))?,
        channels,
        permissions,
        expires_in_s: expires_in.map(seconds).transpose()?,
        metadata,
        peer_metadata,
    };
    let minted = admission::mint_token(&call.admitted, &order, call.now_ms)?;
    let (token, expires_at_s) = (minted.token, minted.expires_at_s);
    Ok(Success(format!(r#"{{"token":"{token}","expiresAt":{expires_at_s}}}"#)))
}

/// A whole number; what is none is past every limit.
fn seconds(value: Value<'_>) -> Result<u64, Failure> {
    let digits = value.as_text();
    let is_whole = digits.bytes().all(|b| b.is_ascii_digit());
    digits
        .parse()
        .ok()
        .filter(|_| is_whole)
        .ok_or_else(|| Failure::bad_request("expiresInSec must be a whole number of seconds"))
}
