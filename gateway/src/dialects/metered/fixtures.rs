//! The spec sheet's running example as an app in a directory, for tests.

use crate::{
    config::{Config, Flags},
    directory::{App, Directory, SigningKey},
    state::Gateway,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::{
    Action, AppLimits, AppSettings, OrganisationId, SecretKeyToken, SocketId,
    directory::{AppCredential, AppRecord, Change, PublishableKeyRecord, SecretKeyRecord},
    seal::MasterKey,
};
use realtime::{EngineConfig, Router};
use std::sync::Arc;

pub const APP: &str = "100042";
pub const PK: &str = "pk_live_dev";
pub const KEY_ID: &str = "sk_id_abc";
pub const TOKEN_SECRET: &str = "sk_secret_def";
pub const MASTER_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// Seconds; a moment at which the sheet's tokens hold.
pub const NOW_S: u64 = 1_715_535_600;

/// The app and its two keys, to be changed before they go into a directory.
pub struct Records {
    pub app: AppRecord,
    pub secret: SecretKeyRecord,
    pub publishable: PublishableKeyRecord,
    /// The secret key as one token.
    pub token: String,
}

pub fn socket() -> SocketId {
    "1234.5678".parse().expect("a socket id")
}

pub const ALL: [Action; 4] = [Action::Publish, Action::Subscribe, Action::Presence, Action::Send];

pub fn records() -> Records {
    let master = MasterKey::from_base64(MASTER_KEY).expect("32 bytes");
    let app: contract::AppId = APP.parse().expect("an app id");
    let token = SecretKeyToken::generate().expect("randomness");
    let credential = AppCredential {
        key: "a-key".parse().expect("a key"),
        sealed_secret: master.seal("a-secret", "a-key").expect("sealed"),
        expires_at: None,
        previous: None,
    };
    Records {
        app: AppRecord {
            id: app.clone(),
            organisation: OrganisationId::new("organisation"),
            enabled: true,
            credentials: vec![credential],
            settings: AppSettings::default(),
            limits: AppLimits { max_reads_per_s: 10_000, ..AppLimits::default() },
            plan: Default::default(),
            webhooks: Default::default(),
        },
        secret: SecretKeyRecord {
            id: KEY_ID.parse().expect("a key id"),
            app: app.clone(),
            hash: token.hash(),
            actions: ALL.to_vec(),
            channels: vec!["**".parse().expect("a pattern")],
            expires_at: None,
            sealed_token_secret: Some(master.seal(TOKEN_SECRET, KEY_ID).expect("sealed")),
            previous: None,
            max_publishes_per_s: None,
            allowed_addresses: Vec::new(),
        },
        publishable: PublishableKeyRecord {
            key: PK.parse().expect("a key"),
            app,
            actions: ALL.to_vec(),
            channels: vec!["**".parse().expect("a pattern")],
            allowed_origins: Vec::new(),
            allow_no_origin: false,
            ice_servers: true,
            expires_at: None,
        },
        token: token.expose().to_owned(),
    }
}

/// A directory that holds what `change` leaves of [`records`], and the secret key as one token.
pub fn directory(change: impl FnOnce(&mut Records)) -> (Directory, String) {
    let mut records = records();
    change(&mut records);
    let master = MasterKey::from_base64(MASTER_KEY).expect("32 bytes");
    let directory = Directory::new(master);
    for (at, change) in [
        Change::App(records.app),
        Change::SecretKey(records.secret),
        Change::PublishableKey(records.publishable),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(directory.apply(at as u64 + 1, change).is_none());
    }
    (directory, records.token)
}

/// A gateway with that directory, an engine and no sockets.
pub fn gateway(change: impl FnOnce(&mut Records)) -> (Arc<Gateway>, String) {
    let flags = Flags {
        master_key: Some(MASTER_KEY.into()),
        gateway_token: Some("a-token-for-tests".into()),
        ..Flags::default()
    };
    let config = Config::load(flags).expect("the defaults");
    let (directory, token) = directory(change);
    let router = Router::local(EngineConfig { shards: 16, ..EngineConfig::default() });
    (Gateway::new(config, directory, router), token)
}

pub fn app_of(gateway: &Gateway) -> Arc<App> {
    gateway.directory.app_by_path(APP).expect("the app is known")
}

/// A token as any JWT library signs it with the secret key's signing secret.
pub fn jwt(claims: &str) -> String {
    jwt_with(&format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{KEY_ID}"}}"#), claims, TOKEN_SECRET)
}

pub fn jwt_with(header: &str, claims: &str, secret: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = SigningKey::new(secret).sign(&[signed.as_bytes()]);
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
