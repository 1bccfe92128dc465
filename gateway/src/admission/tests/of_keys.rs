//! What a secret key has of its own: how often it publishes, and from where it is taken.

use super::{tokens::key_record, *};
use crate::admission::{Rule, bearer_credential};
use contract::{Action, SecretKeyToken};
use std::net::IpAddr;

fn given(directory: &Directory, change: impl FnOnce(&mut SecretKeyRecord)) -> String {
    let token = SecretKeyToken::generate().expect("random");
    let mut record = key_record(&Action::ALL, &["**"]);
    (record.id, record.hash, record.sealed_token_secret) = (token.id(), token.hash(), None);
    record.app = "100042".parse().unwrap();
    change(&mut record);
    given_key(directory, record);
    format!("Bearer {}", token.expose())
}

fn from(directory: &Directory, bearer: &str, peer: Option<&str>) -> Result<(), Refusal> {
    let peer: Option<IpAddr> = peer.map(|peer| peer.parse().unwrap());
    let view = RequestView {
        method: "POST",
        path: "/apps/100042/events",
        authorization: Some(bearer),
        peer,
        ..RequestView::default()
    };
    let by_path = http_credential(directory, view, NOW_S * 1_000).map(drop);
    let by_key = bearer_credential(directory, Some(bearer), peer, NOW_S * 1_000).map(drop);
    assert_eq!(by_path, by_key, "both doors are the same");
    by_path
}

#[test]
fn a_key_is_taken_from_its_networks_only() {
    let directory = given_directory();
    let open = given(&directory, |_| {});
    let bound = given(&directory, |record| {
        record.allowed_addresses = ["203.0.113.0/24", "2001:db8::/32"].map(net).to_vec();
    });
    for (bearer, peer, is_taken) in [
        (&open, Some("198.51.100.1"), true),
        (&open, None, true),
        (&bound, Some("203.0.113.255"), true),
        (&bound, Some("203.0.114.0"), false),
        (&bound, Some("::ffff:203.0.113.7"), true),
        (&bound, Some("2001:db8:ffff::1"), true),
        (&bound, Some("2001:db9::1"), false),
        (&bound, None, false),
    ] {
        let expected = if is_taken { Ok(()) } else { Err(Refusal::AddressRefused) };
        assert_eq!(from(&directory, bearer, peer), expected, "{peer:?}");
    }
}

fn net(text: &str) -> ipnet::IpNet {
    text.parse().expect(text)
}

#[test]
fn a_key_has_a_rate_of_its_own_that_outlives_its_changes() {
    let directory = given_directory();
    let mut held = None;
    let bearer = given(&directory, |record| {
        record.max_publishes_per_s = Some(15);
        held = Some(record.clone());
    });
    let admit = || {
        let pending = ask(&directory, "POST", "/apps/100042/events", Some(&bearer))?;
        pending.admit(b"{}")
    };
    let taken = || (0..40).filter(|_| admit().unwrap().charge_publish(1).is_ok()).count();
    let first = taken();
    assert!((15..=17).contains(&first), "{first}: a bucket, and what refills meanwhile");
    let Err(Refusal::RateLimited { rule, limit, .. }) = admit().unwrap().charge_publish(10) else {
        panic!("the bucket is empty");
    };
    assert_eq!((rule, limit), (Rule::KeyPublishes, 15));
    let mut changed = held.unwrap();
    changed.channels = vec!["news".parse().unwrap()];
    given_key(&directory, changed);
    assert!(admit().unwrap().charge_publish(10).is_err(), "another scope is no new bucket");
    let other = given(&directory, |_| {});
    let admitted = ask(&directory, "POST", "/apps/100042/events", Some(&other)).unwrap();
    assert_eq!(admitted.admit(b"{}").unwrap().charge_publish(10), Ok(()), "another key");
}
