//! Whatever the order in which entries arrive, the outcome is that of their revisions.

use crate::{
    admission::tests::{app_record, master},
    directory::{Alarm, Directory, replica::Kept},
};
use contract::{
    AppLimits, SecretKeyId, TokenHash,
    directory::{AppRecord, Change, Kill, Revision, SecretKeyRecord},
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
    }
}

const SK: &str = "000000000001";

fn sk() -> SecretKeyId {
    SK.parse().unwrap()
}

/// What can be seen from outside.
fn seen(directory: &Directory) -> String {
    let app = directory.app_by_path("1").map(|app| {
        let state = app.state();
        let keys: Vec<_> = state.credentials.iter().map(|c| c.key.clone()).collect();
        (state.enabled, state.deleted, state.limits.max_connections, keys)
    });
    let by_key = ["k1", "k2"].map(|key| directory.app_by_key(key).is_some());
    format!("{app:?} {by_key:?} {}", directory.secret_key(&TokenHash::of(SK)).is_some())
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
        picks in proptest::collection::vec((0usize..6, 0usize..4), 1..20)
    ) {
        let all = histories();
        let entries: Vec<_> =
            (1..).zip(picks.iter().map(|(history, at)| all[*history][*at].clone())).collect();
        let directory = after(&entries);
        let (revision, exported) = directory.export();
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
    ]);
    let mut kills = directory.subscribe_kills();
    let snapshot = vec![Change::App(record(1, true, &["k2"]))];
    assert!(directory.replace(5, snapshot, &Kept::default()).is_some());
    let mut told = Vec::new();
    while let Some(notice) = kills.try_recv() {
        told.push(notice.kill.clone());
    }
    let expected = [
        Kill::RevokeCredential { app: app(), key: "k1".parse().unwrap() },
        Kill::RevokeSecretKey { app: app(), id: sk() },
    ];
    assert_eq!(told, expected);
    assert!(directory.replace(6, Vec::new(), &Kept::default()).is_some());
    assert!(directory.is_empty() && directory.app_by_key("k2").is_none());
    drop(directory.apply(4, Change::App(record(1, true, &["k1"]))));
    assert!(directory.is_empty(), "a late fill after the snapshot");
}

#[test]
fn what_a_snapshot_could_not_say_is_kept() {
    let directory = after(&[(1, Change::App(record(1, true, &["k1"])))]);
    let kept = Kept { apps: ["1".to_owned()].into(), ..Kept::default() };
    assert!(directory.replace(5, Vec::new(), &kept).is_none());
    assert!(directory.app_by_key("k1").is_some());
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
