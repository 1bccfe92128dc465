//! Whatever the order in which entries arrive, the outcome is that of their revisions.

use crate::{
    admission::tests::{app_record, master},
    directory::{Alarm, Directory, News, SigningKey, replica::Kept},
};
use contract::{
    AppLimits, SecretKeyId, TokenHash,
    directory::{AppRecord, Change, Kill, PublishableKeyRecord, Revision, SecretKeyRecord},
};
use proptest::prelude::*;

fn record(max_connections: u32, enabled: bool, keys: &[&str]) -> AppRecord {
    let credentials: Vec<_> = keys.iter().map(|key| (*key, "secret")).collect();
    let limits = AppLimits { max_connections, ..AppLimits::default() };
    AppRecord { enabled, limits, ..app_record("1", &credentials) }
}

fn secret_key(id: &str) -> SecretKeyRecord {
    SecretKeyRecord {
        id: id.parse().unwrap(),
        app: "1".parse().unwrap(),
        hash: TokenHash::of(id),
        actions: vec![],
        channels: vec![],
        expires_at: None,
        sealed_token_secret: None,
        previous: None,
        max_publishes_per_s: None,
        allowed_addresses: Vec::new(),
    }
}

fn publishable_key(key: &str, app: &str) -> PublishableKeyRecord {
    PublishableKeyRecord {
        key: key.parse().unwrap(),
        app: app.parse().unwrap(),
        actions: vec![],
        channels: vec![],
        allowed_origins: vec![],
        allow_no_origin: false,
        ice_servers: true,
        expires_at: None,
    }
}

const SK: &str = "000000000001";
const PK: &str = "pk_live_1";

fn sk() -> SecretKeyId {
    SK.parse().unwrap()
}

/// The hash of the Bearer derived from the secret of every credential here.
fn derived_from_secret() -> TokenHash {
    let mac = SigningKey::new("secret").sign(&[b"api-cable"]);
    TokenHash::of(&hex::encode(mac))
}

/// What can be seen from outside.
fn seen(directory: &Directory) -> String {
    let app = directory.app_by_path("1").map(|app| {
        let state = app.state();
        let keys: Vec<_> = state.credentials.iter().map(|c| c.key.clone()).collect();
        (state.enabled, state.deleted, state.limits.max_connections, keys)
    });
    let by_key = ["k1", "k2"].map(|key| directory.app_by_key(key).is_some());
    let secret_key = directory.secret_key_by_id(SK).and_then(|key| {
        let terms = key.terms()?;
        Some((terms.revision, key.record_of(&terms)))
    });
    let by_token = ["another token", SK].map(TokenHash::of).map(|hash| {
        let found = directory.secret_key(&hash).is_some();
        let expected = secret_key.as_ref().is_some_and(|(_, record)| record.hash == hash);
        assert_eq!(found, expected, "found by its token and no other");
        found
    });
    let publishable_key = directory.publishable_key(PK).map(|key| {
        let terms = key.terms()?;
        Some((terms.revision, key.record_of(&terms)))
    });
    let by_bearer = directory.app_by_bearer(&derived_from_secret()).map(|(app, _)| app.id.clone());
    format!("{app:?} {by_key:?} {secret_key:?} {by_token:?} {publishable_key:?} {by_bearer:?}")
}

fn app() -> contract::AppId {
    "1".parse().unwrap()
}

/// Histories as the control plane would write them.
fn histories() -> Vec<Vec<Change>> {
    let kill = Change::Kill;
    let revoke_k1 = || kill(Kill::RevokeCredential { app: app(), key: "k1".parse().unwrap() });
    let disable = || kill(Kill::DisableApp { app: app() });
    let delete = || kill(Kill::DeleteApp { app: app() });
    let revoke_sk = || kill(Kill::RevokeSecretKey { app: app(), id: sk() });
    let put = |n, enabled, keys: &[&str]| Change::App(record(n, enabled, keys));
    let revoke_pk = || kill(Kill::RevokePublishableKey { app: app(), key: PK.parse().unwrap() });
    let put_pk = |expires_at| {
        let expires_at = Some(expires_at);
        Change::PublishableKey(PublishableKeyRecord { expires_at, ..publishable_key(PK, "1") })
    };
    let put_sk = |token: &str| {
        let hash = TokenHash::of(token);
        Change::SecretKey(SecretKeyRecord { hash, ..secret_key(SK) })
    };
    vec![
        vec![put(1, true, &["k1"]), put(2, true, &["k1", "k2"]), revoke_k1(), disable()],
        vec![put(1, true, &["k1"]), disable(), put(2, true, &["k1"]), put(3, true, &["k1", "k2"])],
        vec![put(1, true, &["k1"]), Change::SecretKey(secret_key(SK)), revoke_sk(), delete()],
        vec![
            put(1, true, &["k1"]),
            delete(),
            put(2, true, &["k1"]),
            Change::SecretKey(secret_key(SK)),
        ],
        vec![put(1, true, &["k1", "k2"]), revoke_k1(), put(2, true, &["k2"]), revoke_k1()],
        vec![Change::SecretKey(secret_key(SK)), revoke_sk(), put(1, true, &["k1"]), disable()],
        vec![put(1, true, &["k1"]), put_pk(1), put_pk(2), revoke_pk()],
        vec![put_pk(1), revoke_pk(), put_pk(2), put(1, true, &["k1"])],
        vec![put(1, true, &["k1"]), put_pk(1), delete(), put_pk(2)],
        vec![put_sk("another token"), put_sk(SK), put_pk(1), put_sk(SK)],
    ]
}

fn after(entries: &[(Revision, Change)]) -> Directory {
    let directory = Directory::new(master());
    for (revision, change) in entries {
        drop(directory.apply(*revision, change.clone()));
    }
    directory
}

/// Every order of `0..n`.
fn orders(n: usize) -> Vec<Vec<usize>> {
    match n {
        0 => vec![vec![]],
        n => (orders(n - 1).iter())
            .flat_map(|order| {
                (0..n).map(|at| {
                    let mut order = order.clone();
                    order.insert(at, n - 1);
                    order
                })
            })
            .collect(),
    }
}

#[test]
fn every_order_of_every_history_ends_alike() {
    for (number, history) in histories().into_iter().enumerate() {
        let entries: Vec<_> = (1..).zip(history).collect();
        let expected = seen(&after(&entries));
        for order in orders(entries.len()) {
            let shuffled: Vec<_> = order.iter().map(|at| entries[*at].clone()).collect();
            assert_eq!(seen(&after(&shuffled)), expected, "history {number}, order {order:?}");
            let twice = [shuffled.clone(), shuffled].concat();
            assert_eq!(seen(&after(&twice)), expected, "history {number} twice, order {order:?}");
        }
    }
}

#[test]
fn nothing_of_the_same_or_a_lower_revision_undoes_a_kill() {
    for (late, enabled) in [(6, false), (7, false), (8, true)] {
        let directory = after(&[
            (5, Change::App(record(1, true, &["k1"]))),
            (7, Change::Kill(Kill::DisableApp { app: app() })),
            (late, Change::App(record(2, true, &["k1"]))),
        ]);
        assert_eq!(directory.app_by_path("1").unwrap().load().enabled, enabled, "revision {late}");
    }
}

proptest! {
    #[test]
    fn a_copy_of_the_directory_is_the_directory(
        picks in proptest::collection::vec((0usize..10, 0usize..4), 1..20)
    ) {
        let all = histories();
        let entries: Vec<_> =
            (1..).zip(picks.iter().map(|(history, at)| all[*history][*at].clone())).collect();
        let directory = after(&entries);
        let export = directory.export();
        let (revision, exported) = (export.revision, export.into_entries().collect());
        let copy = Directory::new(master());
        copy.restore(revision, exported);
        prop_assert_eq!(seen(&copy), seen(&directory));
        for (revision, change) in entries {
            drop(copy.apply(revision, change));
        }
        prop_assert_eq!(seen(&copy), seen(&directory), "after a replay");
    }
}

#[test]
fn a_bad_record_leaves_the_last_good_version() {
    let mut sealed_elsewhere = record(3, true, &["k1"]);
    sealed_elsewhere.credentials[0].sealed_secret =
        master().seal("secret", "another place").unwrap();
    let mut out_of_range = record(3, true, &["k1"]);
    out_of_range.limits.max_event_bytes = 1;
    let mut bad_settings = record(3, true, &["k1"]);
    bad_settings.settings.cache_ttl_s = 1;
    for bad in [sealed_elsewhere, out_of_range, bad_settings] {
        let directory = after(&[(1, Change::App(record(1, true, &["k1"]))), (2, Change::App(bad))]);
        assert_eq!(directory.app_by_key("k1").unwrap().load().limits.max_connections, 1);
        assert_eq!(directory.status().raised(Alarm::BadRecord), 1);
        drop(directory.apply(3, Change::App(record(9, true, &["k1"]))));
        assert_eq!(directory.app_by_key("k1").unwrap().load().limits.max_connections, 9);
    }
}

#[tokio::test]
async fn what_is_missing_in_a_snapshot_ends_and_its_sockets_are_told() {
    let directory = after(&[
        (1, Change::App(record(1, true, &["k1", "k2"]))),
        (2, Change::SecretKey(secret_key(SK))),
        (3, Change::PublishableKey(publishable_key(PK, "1"))),
        (3, Change::PublishableKey(publishable_key("pk_live_2", "1"))),
    ]);
    let mut kills = directory.subscribe_kills();
    let snapshot = vec![
        Change::App(record(1, true, &["k2"])),
        Change::PublishableKey(publishable_key("pk_live_2", "1")),
    ];
    assert!(directory.replace(5, snapshot, &Kept::default()).is_some());
    let mut told = Vec::new();
    while let Some(notice) = kills.try_recv() {
        told.push(notice.news.clone());
    }
    let expected = [
        Kill::RevokeCredential { app: app(), key: "k1".parse().unwrap() },
        Kill::RevokeSecretKey { app: app(), id: sk() },
        Kill::RevokePublishableKey { app: app(), key: PK.parse().unwrap() },
    ]
    .map(News::Ended);
    assert_eq!(told, expected);
    assert!(directory.replace(6, Vec::new(), &Kept::default()).is_some());
    assert!(directory.is_empty() && directory.app_by_key("k2").is_none());
    drop(directory.apply(4, Change::App(record(1, true, &["k1"]))));
    drop(directory.apply(4, Change::PublishableKey(publishable_key(PK, "1"))));
    assert!(directory.is_empty(), "a late fill after the snapshot");
    assert!(directory.publishable_keys().is_empty());
}

#[test]
fn what_a_snapshot_could_not_say_is_kept() {
    let directory = after(&[
        (1, Change::App(record(1, true, &["k1"]))),
        (2, Change::SecretKey(secret_key(SK))),
        (3, Change::PublishableKey(publishable_key(PK, "1"))),
    ]);
    let kept = Kept {
        apps: ["1".to_owned()].into(),
        secret_keys: [SK.to_owned()].into(),
        publishable_keys: [PK.to_owned()].into(),
    };
    assert!(directory.replace(5, Vec::new(), &kept).is_none());
    assert!(directory.app_by_key("k1").is_some() && directory.publishable_key(PK).is_some());
    assert!(directory.secret_key_by_id(SK).is_some());
}

#[test]
fn a_key_that_moves_to_another_app_ends_where_it_was() {
    let directory = after(&[(1, Change::PublishableKey(publishable_key(PK, "1")))]);
    let before = directory.publishable_key(PK).unwrap();
    let mut kills = directory.subscribe_kills();
    assert!(directory.apply(2, Change::PublishableKey(publishable_key(PK, "2"))).is_some());
    let told = kills.try_recv().map(|notice| notice.news.clone());
    let ended = Kill::RevokePublishableKey { app: app(), key: PK.parse().unwrap() };
    assert_eq!((told, before.terms().is_none()), (Some(News::Ended(ended)), true));
    assert_eq!(directory.publishable_key(PK).unwrap().app.as_str(), "2");
    assert_eq!(directory.status().raised(Alarm::KeyConflict), 1);
}

#[test]
fn a_new_version_of_a_key_reaches_those_who_hold_it() {
    let directory = after(&[(1, Change::SecretKey(secret_key(SK)))]);
    let held = directory.secret_key_by_id(SK).unwrap();
    let hash = TokenHash::of("another token");
    let actions = vec![contract::Action::Send];
    let newer = SecretKeyRecord { hash, actions, ..secret_key(SK) };
    assert!(directory.apply(2, Change::SecretKey(newer)).is_none());
    assert!(held.terms().unwrap().scope.allows(contract::Action::Send));
    assert!(directory.secret_key(&TokenHash::of(SK)).is_none(), "the token before");
    assert!(directory.secret_key(&hash).is_some_and(|key| std::sync::Arc::ptr_eq(&key, &held)));
}

#[test]
fn what_allows_less_than_before_is_told_to_those_who_serve_sockets() {
    let secret = |channels: &[&str], expires_at| {
        let channels = channels.iter().map(|pattern| pattern.parse().unwrap()).collect();
        let actions = vec![contract::Action::Subscribe];
        let key = SecretKeyRecord { actions, channels, expires_at, ..secret_key(SK) };
        Change::SecretKey(key)
    };
    let open = |channels: &[&str]| {
        let channels = channels.iter().map(|pattern| pattern.parse().unwrap()).collect();
        Change::PublishableKey(PublishableKeyRecord { channels, ..publishable_key(PK, "1") })
    };
    let told = [News::Narrowed(app())];
    for (before, after, expected) in [
        (secret(&["a/*"], None), secret(&["a/*"], None), &[][..]),
        (secret(&["a/*"], None), secret(&["a/**"], None), &[]),
        (secret(&["a/**"], None), secret(&["a/*"], None), &told),
        (secret(&["**"], None), secret(&[], None), &told),
        (secret(&["a"], None), secret(&["a"], Some(9)), &told),
        (secret(&["a"], Some(9)), secret(&["a"], None), &[]),
        (open(&["a/**"]), open(&["a/*"]), &told),
        (open(&["a/*"]), open(&["a/*", "b"]), &[]),
    ] {
        let directory = after_all(&before);
        let mut news = directory.subscribe_kills();
        drop(directory.apply(2, after.clone()));
        let is: Vec<_> = std::iter::from_fn(|| news.try_recv()).map(|n| n.news.clone()).collect();
        assert_eq!(is, expected, "{after:?}");
    }
}

fn after_all(change: &Change) -> Directory {
    after(&[(1, change.clone())])
}

#[test]
fn a_token_secret_opens_in_its_key_alone() {
    let sealed = |place: &str| Some(master().seal("a-secret-like-no-other", place).unwrap());
    let put = |sealed_token_secret| {
        Change::SecretKey(SecretKeyRecord { sealed_token_secret, ..secret_key(SK) })
    };
    let directory = after(&[(1, put(sealed(SK))), (2, put(sealed("another key")))]);
    assert_eq!(directory.status().raised(Alarm::BadRecord), 1);
    let terms = directory.secret_key_by_id(SK).and_then(|key| key.terms()).unwrap();
    let token_key = terms.token_key().expect("the last good version");
    assert_eq!(token_key.secret.expose(), "a-secret-like-no-other");
    assert!(!format!("{terms:?} {directory:?}").contains("like-no-other"));
}

#[test]
fn secrets_do_not_show() {
    let sealed = app_record("1", &[("k1", "a-secret-like-no-other")]);
    let bytes = format!("{:?}", sealed.credentials[0].sealed_secret);
    let directory = after(&[(1, Change::App(sealed))]);
    let app = directory.app_by_key("k1").unwrap();
    let shown = format!("{directory:?} {app:?} {:?}", app.state());
    assert!(shown.contains("k1"));
    assert!(!shown.contains("like-no-other") && !shown.contains(&bytes));
}
