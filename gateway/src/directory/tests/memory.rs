//! What a large directory takes. A measurement, so it runs only when asked for:
//! `cargo test --release -p gateway a_million_keys -- --ignored --nocapture`.

use crate::{
    admission::tests::{app_record, master},
    directory::Directory,
};
use contract::{
    Action, SecretKeyId, TokenHash,
    directory::{Change, SecretKeyRecord},
};

const KEYS: usize = 1_000_000;
const APPS: usize = 50_000;
const BUDGET_MB: usize = 300;

/// Resident memory of this process, megabytes.
fn resident_mb() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a size");
    let kib: usize = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("KiB");
    kib / 1_024
}

fn id_of(n: usize) -> SecretKeyId {
    format!("{n:012}").parse().expect("an issued id")
}

#[test]
#[ignore = "a measurement"]
fn a_million_keys_take_less_than_300_megabytes() {
    let directory = Directory::new(master());
    for n in 0..APPS {
        let record = app_record(&(500_000 + n).to_string(), &[]);
        drop(directory.apply(n as u64 + 1, Change::App(record)));
    }
    let before = resident_mb();
    for n in 0..KEYS {
        let record = SecretKeyRecord {
            id: id_of(n),
            app: (500_000 + n % APPS).to_string().parse().unwrap(),
            hash: TokenHash::of(&n.to_string()),
            actions: vec![Action::Publish, Action::Subscribe],
            channels: vec![
                "orders/*/events".parse().unwrap(),
                format!("user-{n}/**").parse().unwrap(),
            ],
            expires_at: Some(4_102_444_800),
            sealed_token_secret: None,
            previous: None,
            max_publishes_per_s: None,
            allowed_addresses: Vec::new(),
        };
        drop(directory.apply((APPS + n) as u64 + 1, Change::SecretKey(record)));
    }
    let taken = resident_mb() - before;
    println!(
        "{KEYS} secret keys of {APPS} apps take {taken} MB: {} bytes each",
        taken * (1 << 20) / KEYS
    );
    let key = directory.secret_key(&TokenHash::of("7")).expect("known by its token");
    assert_eq!(key.name, id_of(7));
    assert!(directory.secret_key_by_id(id_of(KEYS - 1).as_str()).is_some());
    assert!(taken < BUDGET_MB, "{taken} MB");
}
