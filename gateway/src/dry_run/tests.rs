use super::{Seen, counts::Counts, shard::MAX_OF_SHARD};
use crate::admission::KeyRef;
use contract::{
    Action,
    dry_run::{DryRun, Findings, KeyName, Origins},
};
use proptest::prelude::*;

const NOW_S: u64 = 1_760_000_040;
const ID: &str = "0123456789ab";
const PK: &str = "pk_live_demo";

fn secret() -> KeyRef {
    KeyRef::Secret(ID.parse().unwrap())
}

fn open() -> KeyRef {
    KeyRef::Publishable(PK.parse().unwrap())
}

fn on(seen: &Seen, key: &KeyRef, action: Action, channel: &str, now_s: u64) {
    seen.on_channel(key, action, &channel.parse().unwrap(), now_s);
}

fn question(actions: &[Action], channels: &[&str]) -> DryRun {
    DryRun {
        key: KeyName::Secret(ID.parse().unwrap()),
        actions: actions.to_vec(),
        channels: channels.iter().map(|pattern| pattern.parse().unwrap()).collect(),
        origins: None,
        addresses: Vec::new(),
    }
}

fn ask(seen: &Seen, question: &DryRun) -> Findings {
    seen.ask(question, NOW_S, 86_400)
}

/// Action, looked at, refused, and the examples as `channel count`.
fn told(findings: &Findings) -> Vec<(Action, u64, u64, Vec<String>)> {
    let actions = findings.actions.iter().map(|found| {
        let channels = found.channels.iter().map(|e| format!("{} {}", e.name, e.count));
        (found.action, found.looked_at, found.refused, channels.collect())
    });
    actions.collect()
}

#[test]
fn a_narrower_scope_says_what_it_would_have_refused() {
    let seen = Seen::default();
    for (action, channel, times) in [
        (Action::Publish, "a/1", 3),
        (Action::Publish, "b/1", 2),
        (Action::Publish, "b/2", 4),
        (Action::Subscribe, "a/1", 5),
    ] {
        (0..times).for_each(|_| on(&seen, &secret(), action, channel, NOW_S));
    }
    on(&seen, &open(), Action::Publish, "b/1", NOW_S);
    seen.on_pattern(&secret(), "a/*", NOW_S);
    seen.on_pattern(&secret(), "**", NOW_S);
    let both = [Action::Publish, Action::Subscribe];
    let findings = ask(&seen, &question(&both, &["a/*"]));
    assert_eq!((findings.looked_at, findings.refused, findings.forgotten), (16, 7, 0));
    assert_eq!(
        told(&findings),
        [
            (Action::Publish, 9, 6, vec!["b/2 4".into(), "b/1 2".into()]),
            (Action::Subscribe, 7, 1, vec!["** 1".into()]),
        ]
    );
    let unchanged = ask(&seen, &question(&both, &["**"]));
    assert_eq!((unchanged.looked_at, unchanged.refused), (16, 0));
    let no_publish = ask(&seen, &question(&[Action::Subscribe], &["**"]));
    assert_eq!(no_publish.refused, 9, "an action that is taken away");
    assert_eq!(ask(&seen, &question(&[], &[])).refused, 16, "an empty list means nothing");
}

#[test]
fn origins_and_addresses_are_looked_at_on_their_own() {
    let seen = Seen::default();
    for origin in [Some("https://shop.example"), Some("https://evil.test"), None] {
        seen.from_origin(&open(), origin, NOW_S);
    }
    for address in ["10.1.2.3", "192.0.2.7"] {
        seen.from_address(&secret(), Some(address.parse().unwrap()), NOW_S);
    }
    let allowed = vec!["https://shop.example".to_owned()];
    let of_open = |allow_none| DryRun {
        key: KeyName::Publishable(PK.parse().unwrap()),
        origins: Some(Origins { allowed: allowed.clone(), allow_none }),
        ..question(&[], &[])
    };
    let names = |found: &[contract::dry_run::Example]| {
        found.iter().map(|e| e.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&ask(&seen, &of_open(false)).origins), ["https://evil.test", "none"]);
    assert_eq!(names(&ask(&seen, &of_open(true)).origins), ["https://evil.test"]);
    let addresses = vec!["10.0.0.0/8".parse().unwrap()];
    let bound = DryRun { addresses, ..question(&[], &[]) };
    assert_eq!(names(&ask(&seen, &bound).addresses), ["192.0.2.7"]);
    assert_eq!(names(&ask(&seen, &question(&[], &[])).addresses), [""; 0]);
}

#[test]
fn what_is_older_than_the_window_is_not_looked_at() {
    let seen = Seen::default();
    on(&seen, &secret(), Action::Publish, "old", NOW_S - 400);
    on(&seen, &secret(), Action::Publish, "young", NOW_S - 300);
    let findings = ask(&seen, &question(&[], &[]));
    assert_eq!(told(&findings), [(Action::Publish, 1, 1, vec!["young 1".into()])]);
    assert_eq!(findings.window_s, 300 + NOW_S % 60);
    assert_eq!(seen.ask(&question(&[], &[]), NOW_S, 7).window_s, 7, "it runs for 7 s only");
}

#[test]
fn what_does_not_fit_is_counted_and_what_is_stale_makes_room() {
    let seen = Seen::default();
    for n in 0..MAX_OF_SHARD {
        on(&seen, &secret(), Action::Publish, &format!("c{n}"), NOW_S - 900);
    }
    on(&seen, &secret(), Action::Publish, "one-more", NOW_S - 900);
    assert_eq!(seen.ask(&question(&[], &[]), NOW_S - 900, 86_400).forgotten, 1);
    on(&seen, &secret(), Action::Publish, "later", NOW_S);
    let findings = ask(&seen, &question(&[], &[]));
    assert_eq!((findings.looked_at, findings.forgotten), (1, 0));
}

#[test]
fn threads_see_for_themselves_and_are_added_up() {
    let seen = Seen::default();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope
                .spawn(|| (0..100).for_each(|_| on(&seen, &secret(), Action::Publish, "a", NOW_S)));
        }
    });
    let findings = ask(&seen, &question(&[], &[]));
    assert_eq!(told(&findings), [(Action::Publish, 400, 400, vec!["a 400".into()])]);
}

proptest! {
    #[test]
    fn counts_equal_a_list_of_moments(steps in prop::collection::vec(0_u64..200, 1..40)) {
        let (mut counts, mut moments, mut now_s) = (Counts::default(), Vec::new(), 1_000_000);
        for step in steps {
            now_s += step;
            counts.add(now_s);
            moments.push(now_s);
            let first = now_s / 60 - 5;
            let expected = moments.iter().filter(|at| **at / 60 >= first).count() as u64;
            prop_assert_eq!(counts.total(now_s), expected);
            prop_assert_eq!(counts.total(now_s + 360), 0);
        }
    }
}
