//! Many gateways against one table, in memory: what may never happen, whatever they do.

use super::super::{
    model::Ask,
    pool::UnitPool,
    table::{AppShare, Lease, OrganisationShare, Table, Taken},
};
use contract::AppId;
use proptest::prelude::*;
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

const ORGANISATION: Uuid = Uuid::nil();

/// The control plane as its store does it, with maps in place of rows.
struct Desk {
    pool: UnitPool,
    max_connections: i32,
    /// By gateway, process and app.
    leases: HashMap<(usize, usize, AppId), Lease>,
}

impl Desk {
    fn new(units: i64, max_connections: i32) -> Self {
        Self { pool: UnitPool::opened(0, units), max_connections, leases: HashMap::new() }
    }

    /// Answers one gateway; processes in `silent` were not heard of for long.
    fn answer(
        &mut self,
        holder: (usize, usize),
        asks: &[Ask],
        silent: &[(usize, usize)],
    ) -> Vec<(i64, i32)> {
        let is_live = |key: &(usize, usize, AppId)| {
            !silent.contains(&(key.0, key.1)) && (key.0 != holder.0 || key.1 == holder.1)
        };
        let mut taken: HashMap<AppId, Taken> = HashMap::new();
        let mut all = Taken::default();
        for (key, lease) in self.leases.iter().filter(|(key, _)| is_live(key)) {
            all.add(lease);
            taken.entry(key.2.clone()).or_default().add(lease);
        }
        let organisation = OrganisationShare {
            pool: self.pool,
            max_connections: self.max_connections,
            overage_price: None,
            spend_limit_micros: None,
            taken: all,
        };
        let mut table = Table::default();
        table.organisations.insert(ORGANISATION, organisation);
        for ask in asks {
            let key = (holder.0, holder.1, ask.app.clone());
            let share = AppShare {
                organisation: ORGANISATION,
                pool: None,
                max_connections: self.max_connections,
                wants_overage: false,
                taken: taken.get(&ask.app).copied().unwrap_or_default(),
                lease: self.leases.get(&key).copied().unwrap_or_default(),
            };
            table.apps.insert(ask.app.clone(), share);
        }
        let grants = table.answer(asks, OffsetDateTime::UNIX_EPOCH);
        self.pool = table.organisations[&ORGANISATION].pool;
        for (app, share) in table.apps {
            self.leases.insert((holder.0, holder.1, app), share.lease);
        }
        grants.iter().map(|g| (g.granted.cast_signed(), g.connections.cast_signed())).collect()
    }
}

/// One process, which uses no more than it was granted.
#[derive(Clone, Default)]
struct Process {
    boot: usize,
    used: Vec<i64>,
    granted: Vec<i64>,
    open: Vec<i32>,
    connections: Vec<i32>,
}

fn app(n: usize) -> AppId {
    format!("10000{n}").parse().expect("an id")
}

#[derive(Clone, Debug)]
enum Step {
    /// Uses up to so many units, and opens (or closes) connections.
    Use { gateway: usize, app: usize, units: i64, connections: i32 },
    /// Asks for all apps; the answer may come twice.
    Ask { gateway: usize, wanted: i64, twice: bool },
    /// Ends without a word, and starts again.
    Crash { gateway: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let gateway = 0..4_usize;
    let step = prop_oneof![
        4 => (gateway.clone(), 0..2_usize, 0..200_i64, -5..10_i32).prop_map(
            |(gateway, app, units, connections)| Step::Use { gateway, app, units, connections }),
        4 => (gateway.clone(), 0..300_i64, any::<bool>()).prop_map(
            |(gateway, wanted, twice)| Step::Ask { gateway, wanted, twice }),
        1 => gateway.prop_map(|gateway| Step::Crash { gateway }),
    ];
    prop::collection::vec(step, 1..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Processes that use no more than they were granted never use more than there is, however
    /// they come, go and repeat themselves; and the pool knows every unit they told it of.
    #[test]
    fn what_is_granted_is_never_more_than_there_is(steps in steps(), units in 1..2_000_i64) {
        let mut desk = Desk::new(units, 40);
        let mut gateways = vec![
            Process { used: vec![0; 2], granted: vec![0; 2], open: vec![0; 2],
                      connections: vec![0; 2], ..Process::default() }; 4];
        let mut dead: Vec<(usize, usize)> = Vec::new();
        let mut lost = 0;
        for step in steps {
            match step {
                Step::Use { gateway, app, units, connections } => {
                    let process = &mut gateways[gateway];
                    process.used[app] += units.min(process.granted[app] - process.used[app]).max(0);
                    let open = process.open[app];
                    let most = process.connections[app].max(open);
                    process.open[app] = (open + connections).clamp(0, most);
                }
                Step::Ask { gateway, wanted, twice } => {
                    let process = &mut gateways[gateway];
                    let asks: Vec<Ask> = (0..2).map(|n| Ask {
                        app: app(n), used: process.used[n], wanted, open: process.open[n],
                        wanted_connections: i32::try_from(wanted / 50).unwrap(),
                    }).collect();
                    let holder = (gateway, process.boot);
                    let mut grants = desk.answer(holder, &asks, &dead);
                    if twice {
                        grants = desk.answer(holder, &asks, &dead);
                    }
                    for (n, (granted, connections)) in grants.into_iter().enumerate() {
                        prop_assert!(granted >= process.used[n]);
                        (process.granted[n], process.connections[n]) = (granted, connections);
                    }
                }
                Step::Crash { gateway } => {
                    let process = &mut gateways[gateway];
                    dead.push((gateway, process.boot));
                    // What it used and did not tell: the ledger tells it later.
                    for n in 0..2 {
                        let told = desk.leases.get(&(gateway, process.boot, app(n)));
                        lost += process.used[n] - told.map_or(0, |lease| lease.used);
                    }
                    *process = Process { boot: process.boot + 1, used: vec![0; 2],
                        granted: vec![0; 2], open: vec![0; 2], connections: vec![0; 2] };
                }
            }
            let told: i64 = desk.leases.values().map(|lease| lease.used).sum();
            prop_assert_eq!(desk.pool.left, units - told, "every unit told is charged, once");
            let live: i64 = gateways.iter().enumerate().flat_map(|(g, p)| {
                let leases = &desk.leases;
                (0..2).map(move |n| {
                    let told = leases.get(&(g, p.boot, app(n))).map_or(0, |lease| lease.used);
                    p.granted[n].max(p.used[n]) - told
                })
            }).sum();
            // What may be used from now on without asking fits what is left, but for what a
            // process that ended took with it untold.
            prop_assert!(live <= desk.pool.left.max(0) + lost, "{live} of {}", desk.pool.left);
            let open: i32 = gateways.iter().map(|p| p.open.iter().sum::<i32>()).sum();
            prop_assert!(open <= 40, "{open} connections");
        }
    }

    /// Nobody waits for ever near the edge: gateways that keep asking use up every last unit.
    #[test]
    fn every_unit_can_be_used(units in 1..3_000_i64, gateways in 1..6_usize, busy in 0..6_usize) {
        let busy = busy % gateways;
        let mut desk = Desk::new(units, 40);
        let mut held = vec![(0_i64, 0_i64); gateways];
        for round in 0.. {
            for (gateway, (used, granted)) in held.iter_mut().enumerate() {
                // All want some, and only one has traffic.
                if gateway == busy {
                    *used = *granted;
                }
                let ask = Ask { app: app(0), used: *used, wanted: 100, open: 0, wanted_connections: 0 };
                *granted = desk.answer((gateway, 0), &[ask], &[])[0].0;
            }
            let used: i64 = held.iter().map(|(used, _)| used).sum();
            prop_assert!(used <= units);
            if used == units {
                break;
            }
            prop_assert!(round < 200 + units / 10, "{used} of {units} after {round} rounds");
        }
    }
}
