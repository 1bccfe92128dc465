//! What admission costs, and that it costs the same whoever fails. Measurements, so they run only
//! when asked for: `cargo test --release -p gateway admission::tests::cost -- --ignored --nocapture`.

use super::{app_tokens::CABLE_SECRET, tokens, *};
use crate::{
    admission::{Purpose, bearer_credential, derived_bearer, signed_token},
    directory::SigningKey,
};
use contract::Action;
use md5::{Digest, Md5};
use std::{hint::black_box, time::Instant};

/// Nanoseconds per call: the fastest of many rounds, since everything else is noise.
fn cost<T>(mut call: impl FnMut() -> T) -> f64 {
    const CALLS: u32 = 200;
    let round = || {
        let start = Instant::now();
        for _ in 0..CALLS {
            black_box(call());
        }
        start.elapsed().as_nanos() as f64 / f64::from(CALLS)
    };
    std::iter::repeat_with(round).take(100).fold(f64::INFINITY, f64::min)
}

fn report(what: &str, ns: f64) -> f64 {
    println!("{what:<44} {ns:>9.0} ns");
    ns
}

/// Neither may stand out by more than half.
fn assert_alike(what: &str, a: f64, b: f64) {
    let ratio = a.max(b) / a.min(b);
    assert!(ratio < 1.5, "{what}: {a:.0} ns and {b:.0} ns");
}

/// A directory with as many apps as a large installation has.
fn given_many(apps: usize) -> Directory {
    let directory = given_directory();
    given_key(&directory, tokens::key_record(&Action::ALL, &["app_abc/**"]));
    given_app(&directory, app_record("42", &[("cable", CABLE_SECRET)]));
    for n in 0..apps {
        let (key, secret) = (format!("key_{n}"), format!("secret-of-{n}"));
        given_app(&directory, app_record(&(500_000 + n).to_string(), &[(&key, &secret)]));
    }
    directory
}

#[test]
#[ignore = "a measurement"]
fn look_ups_do_not_grow_with_the_directory() {
    let (few, many) = (given_many(10), given_many(10_000));
    for (what, find) in [
        ("an app by its key", (|d| d.app_by_key(KEY).is_some()) as fn(&Directory) -> bool),
        ("an unknown app", |d| d.app_by_key("nobody").is_some()),
        ("a secret key by its id", |d| d.secret_key_by_id("sk_id_abc").is_some()),
    ] {
        let small = report(&format!("{what}, 12 apps"), cost(|| find(&few)));
        let large = report(&format!("{what}, 10,002 apps"), cost(|| find(&many)));
        assert!(large < 10.0 * small + 200.0, "{what}: {small:.0} ns, then {large:.0} ns");
    }
}

#[test]
#[ignore = "a measurement"]
fn signed_queries_cost_one_digest() {
    let directory = given_many(1_000);
    let body = "x".repeat(1_024);
    let md5 = hex::encode(Md5::digest(&body));
    let query = |key: &str| {
        format!("auth_key={key}&auth_timestamp={NOW_S}&auth_version=1.0&body_md5={md5}")
    };
    let text = format!("POST\n/apps/100042/events\n{}", query(KEY));
    let signature = hex::encode(SigningKey::new(SECRET).sign(&[text.as_bytes()]));
    let target = |key: &str, signature: &str| {
        format!("/apps/100042/events?{}&auth_signature={signature}", query(key))
    };
    let good = target(KEY, &signature);
    let admit = || ask(&directory, "POST", &good, None)?.admit(body.as_bytes());
    assert!(admit().is_ok());
    report("a signed query with a body of 1 KiB", cost(|| admit().is_ok()));
    let zeros = "0".repeat(64);
    let (wrong, unknown) = (target(KEY, &zeros), target("nobody", &zeros));
    let refused = |target: &str| ask(&directory, "POST", target, None).is_err();
    let wrong = report("a wrong signature", cost(|| refused(&wrong)));
    let unknown = report("an unknown key", cost(|| refused(&unknown)));
    assert_alike("wrong signature and unknown key", wrong, unknown);
}

#[test]
#[ignore = "a measurement"]
fn tokens_cost_one_digest() {
    let directory = given_many(1_000);
    let token = tokens::token_of("u_1");
    let read = |token: &str| signed_token(&directory, token, NOW_S * 1_000).is_ok();
    assert!(read(&token));
    report("a signed token", cost(|| read(&token)));
    let (message, _) = token.rsplit_once('.').unwrap();
    let wrong = format!("{message}.{}", "A".repeat(43));
    let unknown = tokens::token_by("sk_id_abd", "u_1");
    assert!(!read(&wrong) && !read(&unknown));
    let wrong = report("a token with a wrong signature", cost(|| read(&wrong)));
    let unknown = report("a token of an unknown key", cost(|| read(&unknown)));
    assert_alike("wrong signature and unknown key", wrong, unknown);
}

#[test]
#[ignore = "a measurement"]
fn bearers_cost_a_hash_or_two() {
    let directory = given_many(1_000);
    let now_ms = NOW_S * 1_000;
    let pair = |token: &str| bearer_credential(&directory, Some(token), None, now_ms).is_ok();
    assert!(pair("Bearer sk_id_abc:sk_secret_def"));
    report("a secret key's pair", cost(|| pair("Bearer sk_id_abc:sk_secret_def")));
    let wrong = cost(|| pair("Bearer sk_id_abc:sk_secret_deg"));
    let unknown = cost(|| pair("Bearer sk_id_abd:sk_secret_def"));
    report("a pair with a wrong secret", wrong);
    report("a pair of an unknown key", unknown);
    assert_alike("wrong secret and unknown key", wrong, unknown);
    let mac = SigningKey::new(CABLE_SECRET).sign(&[b"api-cable"]);
    let bearer = format!("Bearer {}", hex::encode(mac));
    let derived = |bearer: &str| {
        derived_bearer(&directory, None, Purpose::Api, Some(bearer), None, now_ms).is_ok()
    };
    assert!(derived(&bearer));
    report("a derived Bearer that names its app", cost(|| derived(&bearer)));
}

/// The 99th of a hundred calls in nanoseconds, of very many, with the clock's own cost in it.
fn p99<T>(mut call: impl FnMut() -> T) -> f64 {
    const CALLS: usize = 100_000;
    let mut taken: Vec<u64> = std::iter::repeat_with(|| {
        let start = Instant::now();
        black_box(call());
        start.elapsed().as_nanos() as u64
    })
    .take(CALLS)
    .collect();
    taken.sort_unstable();
    taken[CALLS * 99 / 100] as f64
}

/// Everything that is asked of a publish: who, may they, is rate and quota left.
#[test]
#[ignore = "a measurement"]
fn admission_stays_within_its_budget() {
    let directory = given_many(10_000);
    let mut metered = app_record("100042", &[(KEY, SECRET)]);
    metered.plan.is_metered = true;
    metered.limits.max_publishes_per_s = 1_000_000;
    given_app(&directory, metered);
    let app = directory.app_by_key(KEY).unwrap();
    let now_ms = NOW_S * 1_000;
    app.quota.account(|| 0).answered(plenty(), 0, 0, now_ms);
    let token = contract::SecretKeyToken::generate().unwrap();
    let mut record = tokens::key_record(&Action::ALL, &["news/**", "shop/*"]);
    (record.id, record.hash, record.app, record.sealed_token_secret) =
        (token.id(), token.hash(), "100042".parse().unwrap(), None);
    given_key(&directory, record);
    let bearer = format!("Bearer {}", token.expose());
    let channel = "news/today".parse().unwrap();
    let body = "x".repeat(1_024);
    let decide = |target: &str, authorization: Option<&str>| -> Result<(), Refusal> {
        let admitted = ask(&directory, "POST", target, authorization)?.admit(body.as_bytes())?;
        admitted.require_channel(Action::Publish, &channel)?;
        admitted.charge_publish(1)?;
        let account = admitted.app.quota.known().expect("metered");
        assert!(account.take(1, 1, || admitted.app.counters.units(), now_ms));
        account.give_back(1);
        Ok(())
    };
    let by_key = || decide("/apps/100042/events", Some(&bearer));
    assert_eq!(by_key(), Ok(()));
    let known = report("a known key, p99", p99(|| by_key().is_ok()));
    assert!(known < 5_000.0, "{known:.0} ns");
    let md5 = hex::encode(Md5::digest(&body));
    let query = format!("auth_key={KEY}&auth_timestamp={NOW_S}&auth_version=1.0&body_md5={md5}");
    let text = format!("POST\n/apps/100042/events\n{query}");
    let signature = hex::encode(SigningKey::new(SECRET).sign(&[text.as_bytes()]));
    let target = format!("/apps/100042/events?{query}&auth_signature={signature}");
    assert_eq!(decide(&target, None), Ok(()));
    let signed = report("a signed query with 1 KiB, p99", p99(|| decide(&target, None).is_ok()));
    assert!(signed < 15_000.0, "{signed:.0} ns");
}

/// A grant that does not end while it is measured.
fn plenty() -> contract::lease::LeaseGrant {
    let pool = contract::lease::Pool {
        rule: "messages".into(),
        limit: u64::MAX / 2,
        used: 0,
        resets_at: i64::MAX / 2,
        is_exhausted: false,
        has_overage: false,
    };
    contract::lease::LeaseGrant {
        app: "100042".parse().unwrap(),
        granted: u64::MAX / 2,
        connections: 1,
        pool,
        connections_open: 0,
        connections_limit: 1,
    }
}

#[test]
#[ignore = "a measurement"]
fn a_million_keys_are_under_three_hundred_megabytes() {
    let resident = || {
        let text = std::fs::read_to_string("/proc/self/statm").expect("Linux");
        text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("pages") * 4_096
    };
    let directory = given_directory();
    let before = resident();
    for _ in 0..1_000_000 {
        let token = contract::SecretKeyToken::generate().unwrap();
        let mut record = tokens::key_record(&[Action::Publish], &["app_abc/**"]);
        (record.id, record.hash, record.app, record.sealed_token_secret) =
            (token.id(), token.hash(), "100042".parse().unwrap(), None);
        given_key(&directory, record);
    }
    let megabytes = (resident() - before) as f64 / 1e6;
    println!("{:<44} {megabytes:>9.0} MB", "a million secret keys");
    assert!(megabytes < 300.0, "{megabytes:.0} MB");
}
