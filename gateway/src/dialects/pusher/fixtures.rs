//! The spec sheet's running example as an app in a directory, for tests.

use crate::{
    config::{Config, Flags},
    directory::{App, Directory, SigningKey},
    state::Gateway,
};
use contract::{
    AppLimits, AppSettings, OrganisationId, SocketId,
    directory::{AppCredential, AppRecord, Change},
    seal::MasterKey,
};
use realtime::{EngineConfig, Router};
use std::sync::Arc;

pub const APP: &str = "100042";
pub const KEY: &str = "vk_demo_7d3c1f0a";
pub const SECRET: &str = "s3cr3t-demo-4f9b8e21";
/// A second pair of the same app, as during a rotation.
pub const NEXT_KEY: &str = "vk_demo_next";
pub const NEXT_SECRET: &str = "s3cr3t-next-0a1b2c3d";

pub fn socket() -> SocketId {
    "1234.5678".parse().expect("the sheet's socket id")
}

fn master() -> MasterKey {
    MasterKey::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").expect("32 bytes")
}

pub fn record() -> AppRecord {
    let credential = |key: &str, secret: &str| AppCredential {
        key: key.parse().expect("a key"),
        sealed_secret: master().seal(secret, key).expect("sealed"),
        expires_at: None,
        previous: None,
    };
    AppRecord {
        id: APP.parse().expect("an app id"),
        organisation: OrganisationId::new("organisation"),
        enabled: true,
        credentials: vec![credential(KEY, SECRET), credential(NEXT_KEY, NEXT_SECRET)],
        settings: AppSettings { client_events: true, ..AppSettings::default() },
        limits: AppLimits::default(),
        plan: Default::default(),
        webhooks: Default::default(),
    }
}

/// A directory that holds the app of `record()` as `change` leaves it.
pub fn directory(change: impl FnOnce(&mut AppRecord)) -> Directory {
    let mut record = record();
    change(&mut record);
    let directory = Directory::new(master());
    assert!(directory.apply(1, Change::App(record)).is_none());
    directory
}

/// A gateway with nobody connected to it.
pub fn gateway(directory: Directory) -> Arc<Gateway> {
    let flags = Flags {
        master_key: Some("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".into()),
        gateway_token: Some("a-token-for-tests".into()),
        ..Flags::default()
    };
    let config = Config::load(flags).expect("the defaults");
    let router = Router::local(EngineConfig { shards: 16, ..EngineConfig::default() });
    Gateway::new(config, directory, router)
}

pub fn app(change: impl FnOnce(&mut AppRecord)) -> Arc<App> {
    directory(change).app_by_path(APP).expect("the app is known")
}

/// `key:signature` over `text`.
pub fn auth(key: &str, secret: &str, text: &str) -> String {
    format!("{key}:{}", hex::encode(SigningKey::new(secret).sign(&[text.as_bytes()])))
}

/// What the customer's auth endpoint answers for the sheet's socket.
pub fn channel_auth(channel: &str, data: Option<&str>) -> String {
    let tail = data.map(|data| format!(":{data}")).unwrap_or_default();
    auth(KEY, SECRET, &format!("{}:{channel}{tail}", socket()))
}

pub fn user_auth(user_data: &str) -> String {
    auth(KEY, SECRET, &format!("{}::user::{user_data}", socket()))
}
