//! Signatures that the customer's back end makes for its users: to join a channel, to sign in.
//!
//! Source: spec/pusher.md §13.

use crate::{
    admission::signed::parse_signature,
    directory::{AppState, SigningKey},
};
use contract::{ChannelName, SocketId};
use std::fmt::Write;
use subtle::ConstantTimeEq;

/// Why an `auth` text does not let its bearer in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// The customer's back end is not configured: it signs with an empty key.
    #[error("the auth value has an empty app key: the server that signed it has none configured")]
    EmptyKey,
    #[error("the auth value is not of the form key:signature, with 64 lower-case hex digits")]
    Form,
    /// Unknown key and wrong signature are not told apart.
    #[error("the signature is not valid for this socket and channel")]
    Mismatch,
}

/// Checks what a client presents to join a protected channel.
///
/// On presence channels the signature covers `channel_data`; on others it may or may not, since
/// some back ends sign extra data and others attach data that nobody signed.
pub fn channel_signature(
    state: &AppState,
    socket: SocketId,
    channel: &str,
    auth: &str,
    channel_data: Option<&str>,
) -> Result<(), BadSignature> {
    let socket = SocketText::new(socket);
    let plain = [socket.as_bytes(), b":", channel.as_bytes()];
    match channel_data {
        None => check(state, auth, &[&plain]),
        Some(data) => {
            let with_data = [socket.as_bytes(), b":", channel.as_bytes(), b":", data.as_bytes()];
            match channel.starts_with("presence-") {
                true => check(state, auth, &[&with_data]),
                false => check(state, auth, &[&with_data, &plain]),
            }
        }
    }
}

/// Checks what a client presents to sign in as a user.
pub fn user_signature(
    state: &AppState,
    socket: SocketId,
    user_data: &str,
    auth: &str,
) -> Result<(), BadSignature> {
    let socket = SocketText::new(socket);
    check(state, auth, &[&[socket.as_bytes(), b"::user::", user_data.as_bytes()]])
}

/// Signs what the customer's back end could sign too: that a connection may join a protected
/// channel. `key` chooses among the app's pairs, of which the newest is the usual one.
///
/// Nothing else comes out: a text that could be read as a sign-in, as a request or as another
/// channel's is not signed. Source: spec/relay.md §7.
pub fn sign_channel(
    state: &AppState,
    key: Option<&str>,
    socket: SocketId,
    channel: &ChannelName,
    channel_data: Option<&str>,
) -> Option<String> {
    let name = channel.as_str();
    let is_object = |data: &str| data.trim_start().starts_with('{');
    if !channel.kind().needs_authorisation()
        || name.contains(':')
        || !channel_data.is_none_or(is_object)
        || (channel.kind().is_presence() && channel_data.is_none())
    {
        return None;
    }
    let credential = match key {
        Some(key) => state.credential(key),
        None => state.credentials.last(),
    }?;
    let socket = SocketText::new(socket);
    let tail: &[&[u8]] = match channel_data {
        None => &[],
        Some(data) => &[b":", data.as_bytes()],
    };
    let text = [&[socket.as_bytes(), b":", name.as_bytes()], tail].concat();
    Some(format!("{}:{}", credential.key, hex::encode(credential.signing_key().sign(&text))))
}

fn check(state: &AppState, auth: &str, texts: &[&[&[u8]]]) -> Result<(), BadSignature> {
    let (key, signature) = auth.split_once(':').ok_or(BadSignature::Form)?;
    if key.is_empty() {
        return Err(BadSignature::EmptyKey);
    }
    let signature = parse_signature(signature).ok_or(BadSignature::Form)?;
    let credential = state.credential(key);
    let mut matches = subtle::Choice::from(0);
    let mut compare = |signing_key: &SigningKey| {
        for text in texts {
            matches |= signing_key.sign(text).ct_eq(&signature);
        }
    };
    match credential {
        Some(credential) => credential.secrets().for_each(|secret| compare(secret.signing_key())),
        None => compare(SigningKey::of_nobody()),
    }
    match credential.is_some() && bool::from(matches) {
        true => Ok(()),
        false => Err(BadSignature::Mismatch),
    }
}

/// A socket id as text, on the stack.
struct SocketText {
    bytes: [u8; 21],
    len: usize,
}

impl SocketText {
    fn new(socket: SocketId) -> Self {
        let mut text = Self { bytes: [0; 21], len: 0 };
        // Two 32-bit numbers and a dot are at most 21 bytes, so they fit.
        let _ = write!(text, "{socket}");
        text
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Write for SocketText {
    fn write_str(&mut self, part: &str) -> std::fmt::Result {
        let end = self.len + part.len();
        let room = self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?;
        room.copy_from_slice(part.as_bytes());
        self.len = end;
        Ok(())
    }
}
