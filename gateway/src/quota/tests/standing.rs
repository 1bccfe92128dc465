//! What one account lets pass, before and after answers, and without a control plane.

use super::super::{Account, Standing};
use contract::lease::{LeaseGrant, Pool};

const NOW: u64 = 1_000_000;

fn pool(limit: u64, used: u64) -> Pool {
    Pool {
        rule: "app_messages".into(),
        limit,
        used,
        resets_at: 2_000,
        is_exhausted: used >= limit,
        has_overage: false,
    }
}

fn grant(granted: u64, pool: Pool) -> LeaseGrant {
    LeaseGrant {
        app: "1".parse().unwrap(),
        granted,
        connections: 5,
        pool,
        connections_open: 8,
        connections_limit: 10,
    }
}

fn account(change: impl FnOnce(&Account)) -> crate::quota::Quota {
    let quota = crate::quota::Quota::default();
    change(quota.account(|| 0));
    quota
}

#[test]
fn a_new_app_has_a_little_until_the_first_answer() {
    let quota = account(|_| {});
    let account = quota.known().unwrap();
    let taken = (0..100).filter(|_| account.take(1, 1, || 0, NOW)).count() as u64;
    assert_eq!(taken, Account::FIRST_UNITS);
    assert_eq!(account.standing(0, false, NOW), Standing::Unknown);
    assert_eq!(account.standing(0, true, NOW), Standing::Open);
}

#[test]
fn a_grant_is_taken_to_its_end_and_a_large_message_needs_one_unit_of_it() {
    for (granted, messages, units, fits) in [
        (10, 1, 1, true),
        (10, 10, 10, true),
        (10, 11, 11, false),
        (1, 1, 13, true),
        (1, 2, 2, false),
        (0, 1, 1, false),
    ] {
        let quota = account(|account| account.answered(grant(granted, pool(100, 0)), 0, 0, NOW));
        let account = quota.known().unwrap();
        assert_eq!(account.take(messages, units, || 0, NOW), fits, "{granted} {messages} {units}");
        if fits {
            account.give_back(units);
            assert!(account.take(1, 1, || 0, NOW), "what is given back can be taken again");
        }
    }
}

#[test]
fn a_grant_that_was_not_renewed_is_no_longer_used() {
    let quota = account(|account| account.answered(grant(100, pool(100, 0)), 0, 0, NOW));
    let account = quota.known().unwrap();
    assert!(account.take(1, 1, || 0, NOW + 7_999));
    assert!(!account.take(1, 1, || 0, NOW + 8_000), "the control plane has lent it to others");
    assert_eq!(account.standing(0, false, NOW + 8_000), Standing::Unknown);
}

#[test]
fn without_a_control_plane_what_was_left_may_be_used_and_no_more() {
    let quota = account(|account| account.answered(grant(0, pool(100, 90)), 50, 0, NOW));
    let account = quota.known().unwrap();
    let left = |counted| match account.standing(counted, true, NOW + 60_000) {
        Standing::Alone { left, .. } => Some(left),
        Standing::Exhausted(spent) => {
            assert_eq!((spent.limit, spent.resets_at), (100, 2_000));
            Some(0)
        }
        _ => None,
    };
    assert_eq!([left(50), left(55), left(59), left(60), left(80)], [10, 5, 1, 0, 0].map(Some));
    let tomorrow = 2_000_000;
    assert_eq!(account.standing(80, true, tomorrow), Standing::Open, "a new day has its own");
}

#[test]
fn an_app_whose_use_is_billed_goes_on() {
    let billed = Pool { has_overage: true, is_exhausted: false, ..pool(100, 100) };
    let quota = account(|account| account.answered(grant(0, billed), 0, 0, NOW));
    let account = quota.known().unwrap();
    assert!(matches!(account.standing(0, false, NOW), Standing::Short { left: u64::MAX, .. }));
    assert_eq!(account.standing(0, true, NOW), Standing::Open);
}

#[test]
fn an_exhausted_pool_says_so_until_it_is_asked_about_again() {
    let quota = account(|account| account.answered(grant(0, pool(100, 103)), 0, 0, NOW));
    let account = quota.known().unwrap();
    let Standing::Exhausted(spent) = account.standing(0, false, NOW) else { panic!("not used up") };
    assert_eq!((spent.rule.as_str(), spent.used, spent.limit), ("app_messages", 103, 100));
    assert_eq!((spent.resets_at, spent.retry_after_s), (2_000, 1_000));
    account.answered(grant(50, pool(200, 103)), 0, 0, NOW + 500);
    assert!(account.take(1, 1, || 0, NOW + 500), "the cap was raised");
}

#[test]
fn who_cannot_wait_is_lent_fifty_or_a_thousandth() {
    for (left, expected) in
        [(0, 0), (899, 0), (900, 50), (50_000, 50), (200_000, 200), (u64::MAX, 10_000)]
    {
        // Near the end, which is by what was granted and by how fast the pool is used, nothing is.
        let quota = account(|account| account.answered(grant(100, pool(900, 0)), 0, 0, NOW));
        let account = quota.known().unwrap();
        assert_eq!((0..20_000).filter(|_| account.lend(1, left)).count(), expected, "{left} left");
    }
}

#[test]
fn connections_are_those_granted_and_without_a_control_plane_those_left() {
    let quota = account(|account| account.answered(grant(0, pool(1, 0)), 0, 4, NOW));
    let account = quota.known().unwrap();
    assert_eq!(account.connections(false, NOW), (5, None));
    assert_eq!(account.connections(true, NOW).0, 6, "four were open here, two are left");
    let full = LeaseGrant { connections_open: 10, ..grant(0, pool(1, 0)) };
    account.answered(full, 0, 4, NOW);
    assert!(account.connections(false, NOW).1.is_some(), "the organisation has all it may");
}

#[test]
fn callers_at_once_never_take_one_unit_twice() {
    let quota = account(|account| account.answered(grant(10_000, pool(10_000, 0)), 0, 0, NOW));
    let counted = std::sync::atomic::AtomicU64::new(0);
    let admitted = std::sync::atomic::AtomicU64::new(0);
    use std::sync::atomic::Ordering::SeqCst;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let account = quota.known().unwrap();
                for _ in 0..10_000 {
                    if account.take(1, 1, || counted.load(SeqCst), NOW) {
                        admitted.fetch_add(1, SeqCst);
                        counted.fetch_add(1, SeqCst);
                        account.give_back(1);
                    }
                }
            });
        }
    });
    let admitted = admitted.into_inner();
    // One that is counted and not yet given back is seen twice for a moment, never not at all.
    assert!((9_990..=10_000).contains(&admitted), "{admitted}");
}
