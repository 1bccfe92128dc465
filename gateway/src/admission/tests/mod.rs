//! Admission as the sheet's worked examples see it.

mod app_tokens;
mod bearers;
mod channel;
mod cost;
mod minting;
mod of_keys;
mod publishable;
mod rotation;
mod scope;
mod signed;
mod tokens;

use crate::{
    admission::{Pending, Refusal, RequestView, http_credential},
    directory::Directory,
};
use contract::{
    AppLimits, AppSettings, OrganisationId,
    directory::{AppCredential, AppRecord, Change, SecretKeyRecord},
    seal::MasterKey,
};

/// The credentials of the sheet's examples.
pub const KEY: &str = "vk_demo_7d3c1f0a";
pub const SECRET: &str = "s3cr3t-demo-4f9b8e21";
pub const NOW_S: u64 = 1_760_000_000;

pub fn master() -> MasterKey {
    MasterKey::from_base64("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("32 bytes")
}

pub fn app_record(id: &str, credentials: &[(&str, &str)]) -> AppRecord {
    let seal = |key: &str, secret: &str| AppCredential {
        key: key.parse().expect(key),
        sealed_secret: master().seal(secret, key).expect("sealed"),
        expires_at: None,
        previous: None,
    };
    AppRecord {
        id: id.parse().expect(id),
        organisation: OrganisationId::new("org"),
        enabled: true,
        credentials: credentials.iter().map(|(key, secret)| seal(key, secret)).collect(),
        settings: AppSettings::default(),
        limits: AppLimits::default(),
        plan: Default::default(),
        webhooks: Default::default(),
    }
}

/// Two apps: the sheet's, and another tenant's.
pub fn given_directory() -> Directory {
    let directory = Directory::new(master());
    given_app(&directory, app_record("100042", &[(KEY, SECRET)]));
    given_app(&directory, app_record("200001", &[("other_key", "other_secret")]));
    directory
}

pub fn given_app(directory: &Directory, record: AppRecord) {
    let next = directory.status().applied() + 1;
    assert!(directory.apply(next, Change::App(record)).is_none());
}

pub fn given_key(directory: &Directory, record: SecretKeyRecord) {
    let next = directory.status().applied() + 1;
    drop(directory.apply(next, Change::SecretKey(record)));
}

/// A request of `method`, and of `target` with its query.
pub fn ask(
    directory: &Directory,
    method: &str,
    target: &str,
    authorization: Option<&str>,
) -> Result<Pending, Refusal> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let view = RequestView { method, path, query, authorization, ..RequestView::default() };
    http_credential(directory, view, NOW_S * 1_000)
}
