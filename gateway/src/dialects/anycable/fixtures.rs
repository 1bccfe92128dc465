//! The spec sheet's running example as an app in a directory, for tests.

use super::{
    conversation::{Conversation, Opening, Protocol, Token},
    heartbeat::Pace,
    resume::State,
    sid::Sid,
};
use crate::{
    dialects::pusher,
    directory::{App, Directory, SigningKey},
    state::Gateway,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use contract::{
    SocketId,
    directory::{AppCredential, AppRecord, Change},
    seal::MasterKey,
};
use std::sync::Arc;

pub const APP: &str = pusher::fixtures::APP;
pub const KEY: &str = "app-42";
pub const SECRET: &str = "app-42-secret-key";
/// A second pair of the same app, as during a rotation.
pub const NEXT_KEY: &str = "app-42-next";
pub const NEXT_SECRET: &str = "app-42-next-secret-key";

fn master() -> MasterKey {
    MasterKey::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").expect("32 bytes")
}

/// A directory that holds the sheet's app, with anonymous connections and public streams, as
/// `change` leaves it.
pub fn directory(change: impl FnOnce(&mut AppRecord)) -> Directory {
    let directory = Directory::new(master());
    assert!(directory.apply(1, record(change)).is_none());
    directory
}

pub fn record(change: impl FnOnce(&mut AppRecord)) -> Change {
    let credential = |key: &str, secret: &str| AppCredential {
        key: key.parse().expect("a key"),
        sealed_secret: master().seal(secret, key).expect("sealed"),
        expires_at: None,
        previous: None,
    };
    let mut record = pusher::fixtures::record();
    record.credentials = vec![credential(KEY, SECRET), credential(NEXT_KEY, NEXT_SECRET)];
    record.settings.anycable.anonymous = true;
    record.settings.anycable.public_streams = true;
    change(&mut record);
    Change::App(record)
}

pub fn gateway(change: impl FnOnce(&mut AppRecord)) -> Arc<Gateway> {
    pusher::fixtures::gateway(directory(change))
}

pub fn app(gateway: &Gateway) -> Arc<App> {
    gateway.directory.app_by_path(APP).expect("the app is known")
}

pub fn socket(n: u64) -> SocketId {
    SocketId::from_random(n)
}

/// A connection's conversation; with an `ext` it has shown a token that the second pair signed.
pub fn conversation(
    app: &App,
    protocol: Protocol,
    ext: Option<&str>,
    resumed: Option<State>,
) -> Conversation {
    let opening = Opening {
        socket: socket(7),
        sid: Sid::new(socket(7), 99),
        protocol,
        ext: ext.map(Arc::from),
        key: Some(KEY.parse().expect("a key")),
        token: ext.map(|_| Token { key: NEXT_KEY.parse().expect("a key"), expires_s: Some(1_000) }),
        pace: Pace::default(),
        resumed,
        kept: None,
        now_ms: 1_000,
    };
    Conversation::open(opening, &app.state())
}

/// The identifier of a public stream.
pub fn public(stream: &str) -> String {
    format!(r#"{{"channel":"$pubsub","stream_name":"{stream}"}}"#)
}

/// The identifier of a signed stream.
pub fn signed(stream: &str) -> String {
    let name = sign(SECRET, &format!("\"{stream}\""));
    format!(r#"{{"channel":"$pubsub","signed_stream_name":"{name}"}}"#)
}

/// A stream's name in JSON, as back ends sign it.
pub fn sign(secret: &str, json: &str) -> String {
    let encoded = STANDARD.encode(json);
    let digest = hex::encode(SigningKey::new(secret).sign(&[encoded.as_bytes()]));
    format!("{encoded}--{digest}")
}

/// A token as back ends make it.
pub fn jwt(secret: &str, claims: &str) -> String {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", encode(r#"{"alg":"HS256"}"#), encode(claims));
    let signature = SigningKey::new(secret).sign(&[message.as_bytes()]);
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}
