//! Several gateways on one pool, in steps of simulated time: how far a cap is overshot, and how
//! often somebody is refused for whom there was something left.

use super::{
    super::{Account, Quota, Standing},
    control_plane::ControlPlane,
};
use contract::lease::{LeaseAsk, LeaseRequest};
use proptest::{prelude::*, test_runner::Config};

const STEP_MS: u64 = 10;
const ROUND_MS: u64 = 500;
const PATIENCE_MS: u64 = 1_000;
const START_MS: u64 = 1_000_000;

/// One gateway with requests that wait, as `hold` does, and messages that cannot, as `spare` does.
struct Gateway {
    name: String,
    quota: Quota,
    counted: u64,
    pace: super::super::pace::Pace,
    waiting: Vec<u64>,
    next_round_ms: u64,
    per_s: u64,
    due: f64,
    from_sockets: bool,
}

#[derive(Debug, Default)]
struct Tally {
    admitted: u64,
    refused: u64,
    /// Refused although more was left than a cap may be off by.
    refused_early: u64,
    offered: u64,
}

impl Gateway {
    fn new(n: usize, per_s: u64, from_sockets: bool) -> Self {
        Self {
            name: format!("g{n}"),
            quota: Quota::default(),
            counted: 0,
            pace: super::super::pace::Pace::start(0, START_MS),
            waiting: Vec::new(),
            next_round_ms: START_MS + (n as u64 * 37) % ROUND_MS,
            per_s,
            due: 0.0,
            from_sockets,
        }
    }

    fn account(&self) -> &Account {
        self.quota.account(|| 0)
    }

    fn ask(&mut self, plane: &mut ControlPlane, now: u64) {
        let per_s = self.pace.note(self.counted, now);
        let wanted = self.account().wanted(per_s, true, self.counted) + self.waiting.len() as u64;
        let ask = LeaseAsk {
            app: "1".parse().unwrap(),
            used: self.counted,
            wanted,
            open: 0,
            wanted_connections: 0,
        };
        let asks = vec![ask];
        let request = LeaseRequest { gateway: self.name.clone(), boot: "b".into(), asks };
        let grant = plane.answer(&request, now).grants.remove(0);
        self.account().answered(grant, self.counted, 0, now);
        self.next_round_ms = now + ROUND_MS;
    }

    /// Whether the message passes; nothing if it has to wait.
    fn decide(&mut self, now: u64, since: u64) -> Option<bool> {
        let counted = self.counted;
        if self.account().take(1, 1, || counted, now) {
            self.account().give_back(1);
            if self.account().runs_low(counted) {
                self.hurry(now);
            }
            return Some(true);
        }
        let standing = self.account().standing(counted, false, now);
        match standing {
            Standing::Exhausted(_) => Some(false),
            Standing::Open | Standing::Alone { .. } => Some(true),
            Standing::Unknown | Standing::Short { .. } => {
                self.hurry(now);
                let left = match standing {
                    Standing::Short { left, .. } => left,
                    _ => 0,
                };
                match self.from_sockets || now >= since + PATIENCE_MS {
                    true => Some(self.account().lend(1, left)),
                    false => None,
                }
            }
        }
    }

    fn hurry(&mut self, now: u64) {
        self.next_round_ms = self.next_round_ms.min(now + 2 * STEP_MS);
    }

    fn step(&mut self, now: u64, near_the_end: u64, total: &mut u64, tally: &mut Tally) {
        self.due += self.per_s as f64 * STEP_MS as f64 / 1_000.0;
        let mut asked = std::mem::take(&mut self.waiting);
        while self.due >= 1.0 {
            self.due -= 1.0;
            tally.offered += 1;
            asked.push(now);
        }
        for since in asked {
            match self.decide(now, since) {
                None => self.waiting.push(since),
                Some(true) => {
                    self.counted += 1;
                    *total += 1;
                    tally.admitted += 1;
                }
                Some(false) => {
                    tally.refused += 1;
                    tally.refused_early += u64::from(*total < near_the_end);
                }
            }
        }
    }
}

/// How far from a cap its end may be.
fn tolerance(limit: u64) -> u64 {
    (limit / 1_000).max(100)
}

fn run(limit: u64, gateways: &mut [Gateway], seconds: u64) -> Tally {
    let mut plane = ControlPlane::with(limit, 10);
    let (mut tally, mut total) = (Tally::default(), 0);
    // Connections come before their first message, and the app is asked for with the first.
    for gateway in gateways.iter_mut().filter(|gateway| gateway.from_sockets) {
        gateway.ask(&mut plane, START_MS);
    }
    // Messages on connections cannot wait: in the last moments of a pool some are refused while
    // what other gateways hold is still being used.
    let per_s: u64 = gateways.iter().map(|gateway| gateway.per_s).sum();
    let near_the_end = limit.saturating_sub(tolerance(limit).max(per_s * 3 * STEP_MS / 1_000));
    for now in (START_MS..START_MS + seconds * 1_000).step_by(STEP_MS as usize) {
        for gateway in gateways.iter_mut() {
            gateway.step(now, near_the_end, &mut total, &mut tally);
            if now >= gateway.next_round_ms {
                gateway.ask(&mut plane, now);
            }
        }
    }
    tally
}

#[track_caller]
fn check(limit: u64, rates: &[u64], from_sockets: bool) {
    let mut gateways: Vec<Gateway> =
        rates.iter().enumerate().map(|(n, per_s)| Gateway::new(n, *per_s, from_sockets)).collect();
    let sum: u64 = rates.iter().sum();
    let seconds = limit / sum.max(1) + 6;
    let tally = run(limit, &mut gateways, seconds);
    let overshoot = tally.admitted.saturating_sub(limit);
    assert!(
        overshoot <= tolerance(limit),
        "overshot by {overshoot} of {limit}, {rates:?}, {tally:?}"
    );
    let early = tally.refused_early;
    let few = (tally.offered / 1_000).max(100);
    assert!(early <= few, "{early} refused early of {}, {rates:?}", tally.offered);
    let passed = tally.admitted + few + tolerance(limit);
    assert!(passed >= limit.min(tally.offered), "{rates:?} {tally:?}");
}

#[test]
fn one_gateway_meets_the_cap_exactly_when_requests_can_wait() {
    let mut gateways = [Gateway::new(0, 900, false)];
    let tally = run(5_000, &mut gateways, 12);
    assert_eq!(tally.admitted, 5_000);
    assert_eq!(tally.refused_early, 0);
}

#[test]
fn the_last_second_is_divided_among_unequal_gateways() {
    for rates in [vec![1_000, 10], vec![3, 3, 3], vec![2_000, 2_000, 2_000, 1], vec![50; 8]] {
        check(20_000, &rates, false);
        check(20_000, &rates, true);
    }
}

proptest! {
    #![proptest_config(Config { cases: 40, ..Config::default() })]
    #[test]
    fn caps_hold_whatever_the_number_of_gateways_and_their_rates(
        limit in 1_000..60_000_u64,
        rates in prop::collection::vec(1..3_000_u64, 1..6),
        from_sockets: bool,
    ) {
        let sum: u64 = rates.iter().sum();
        // The first second is for getting to know the rate.
        prop_assume!((4..60).contains(&(limit / sum)));
        check(limit, &rates, from_sockets);
    }
}
