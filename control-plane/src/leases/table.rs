//! All that one request concerns: the quotas of the organisations, their pools, and who holds how
//! much of them.

use super::{
    model::Ask,
    pool::{UnitPool, resets_at},
    share::{Wish, share},
};
use contract::{
    AppId,
    lease::{LeaseGrant, Pool},
};
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

const MILLION: i128 = 1_000_000;

/// What an organisation may use, and of that what is taken.
#[derive(Clone, Debug)]
pub struct OrganisationShare {
    pub pool: UnitPool,
    pub max_connections: i32,
    /// Micro-dollars per million units beyond the pool; none where overage cannot be had.
    pub overage_price: Option<i64>,
    pub spend_limit_micros: Option<i64>,
    /// Of all live leases of all its apps.
    pub taken: Taken,
}

/// The same of one app.
#[derive(Clone, Debug)]
pub struct AppShare {
    pub organisation: Uuid,
    /// Its part of the organisation's pool, where it was given one.
    pub pool: Option<UnitPool>,
    pub max_connections: i32,
    /// Its owner chose overage over being refused.
    pub wants_overage: bool,
    pub taken: Taken,
    /// What the process that asks has of it.
    pub lease: Lease,
}

/// The sums of live leases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Units granted and not used.
    pub units: i64,
    pub units_wanted: i64,
    /// Connections that may be open.
    pub connections: i64,
    pub connections_wanted: i64,
    pub connections_open: i64,
}

/// What one process has of one app's quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    pub used: i64,
    pub granted: i64,
    pub held: i64,
    pub wanted: i64,
    pub open: i32,
    pub connections: i32,
    pub held_connections: i32,
    pub wanted_connections: i32,
    /// Heard of lately; what a silent process was granted and did not use is free again.
    pub is_live: bool,
    pub left_units_untouched: bool,
    pub left_connections_untouched: bool,
}

impl Taken {
    pub fn add(&mut self, lease: &Lease) {
        self.units += lease.unused();
        self.units_wanted += lease.wanted;
        self.connections += lease.holds_connections();
        self.connections_wanted += i64::from(lease.wanted_connections);
        self.connections_open += i64::from(lease.open);
    }

    /// Adds what others hold.
    pub fn join(&mut self, other: &Taken) {
        self.units += other.units;
        self.units_wanted += other.units_wanted;
        self.connections += other.connections;
        self.connections_wanted += other.connections_wanted;
        self.connections_open += other.connections_open;
    }

    fn remove(&mut self, lease: &Lease) {
        self.units -= lease.unused();
        self.units_wanted -= lease.wanted;
        self.connections -= lease.holds_connections();
        self.connections_wanted -= i64::from(lease.wanted_connections);
        self.connections_open -= i64::from(lease.open);
    }
}

impl Lease {
    fn unused(&self) -> i64 {
        self.held.saturating_sub(self.used).max(0)
    }

    /// Whether it says the same; how it came to that does not matter.
    pub fn is_like(&self, other: &Lease) -> bool {
        let told = |lease: &Lease| Lease {
            is_live: true,
            left_units_untouched: false,
            left_connections_untouched: false,
            ..*lease
        };
        told(self) == told(other)
    }

    fn holds_connections(&self) -> i64 {
        i64::from(self.held_connections.max(self.open))
    }

    /// Takes in what the process says, and returns the units used since it last said something.
    fn hear(&mut self, ask: &Ask) -> i64 {
        if !self.is_live {
            (self.granted, self.held) = (self.used, self.used);
            (self.connections, self.held_connections) = (0, 0);
        }
        let units = (ask.used - self.used).max(0);
        self.left_units_untouched = self.held > self.used && units == 0;
        self.left_connections_untouched =
            self.held_connections > self.open && ask.open == self.open;
        self.used += units;
        self.wanted = ask.wanted;
        self.open = ask.open;
        self.wanted_connections = ask.wanted_connections;
        self.is_live = true;
        units
    }
}

/// How many units may still be used, whoever holds them.
enum Room {
    Endless,
    Units(i64),
}

impl OrganisationShare {
    fn room(&self, wants_overage: bool) -> Room {
        if !self.bills_overage(wants_overage) {
            return Room::Units(self.pool.left);
        }
        match self.overage_units() {
            None => Room::Endless,
            Some(most) => {
                let beyond = most.saturating_sub(self.pool.overage).max(0);
                Room::Units(self.pool.left.max(0).saturating_add(beyond))
            }
        }
    }

    fn bills_overage(&self, wants_overage: bool) -> bool {
        wants_overage && self.overage_price.is_some()
    }

    /// The units that the spend limit pays for; none where it does not end.
    fn overage_units(&self) -> Option<i64> {
        let price = self.overage_price.filter(|price| *price > 0)?;
        let units = i128::from(self.spend_limit_micros?) * MILLION / i128::from(price);
        Some(i64::try_from(units).unwrap_or(i64::MAX))
    }
}

/// What a request concerns, of apps that exist.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub organisations: HashMap<Uuid, OrganisationShare>,
    pub apps: HashMap<AppId, AppShare>,
}

impl Table {
    /// Answers the asks in their order. What they used is charged before anything is granted, so
    /// that no app is granted what another has just used. Asks for other apps have no answer.
    pub fn answer(&mut self, asks: &[Ask], now: OffsetDateTime) -> Vec<LeaseGrant> {
        for ask in asks {
            self.charge(ask);
        }
        asks.iter().filter_map(|ask| self.grant(ask, now)).collect()
    }

    fn parts(&mut self, app: &AppId) -> Option<(&mut AppShare, &mut OrganisationShare)> {
        let app = self.apps.get_mut(app)?;
        let organisation = self.organisations.get_mut(&app.organisation)?;
        Some((app, organisation))
    }

    fn charge(&mut self, ask: &Ask) {
        let Some((app, organisation)) = self.parts(&ask.app) else { return };
        if app.lease.is_live {
            app.taken.remove(&app.lease);
            organisation.taken.remove(&app.lease);
        }
        let units = app.lease.hear(ask);
        app.charge(organisation, units);
        app.taken.add(&app.lease);
        organisation.taken.add(&app.lease);
    }

    /// Charges what the ledger shows and no lease has reported.
    pub fn charge_ledger(&mut self, app: &AppId, units: i64) -> Option<&Lease> {
        let (app, organisation) = self.parts(app)?;
        let more = (units - app.lease.used).max(0);
        app.lease.used += more;
        app.charge(organisation, more);
        Some(&app.lease)
    }

    fn grant(&mut self, ask: &Ask, now: OffsetDateTime) -> Option<LeaseGrant> {
        let (app, organisation) = self.parts(&ask.app)?;
        app.taken.remove(&app.lease);
        organisation.taken.remove(&app.lease);
        let granted = app.lease.used.saturating_add(app.units_for(organisation));
        let connections = app.connections_for(organisation);
        let lease = &mut app.lease;
        lease.held = lease.granted.max(granted);
        lease.granted = granted;
        lease.held_connections = lease.connections.max(connections);
        lease.connections = connections;
        app.taken.add(&app.lease);
        organisation.taken.add(&app.lease);
        let (connections_open, connections_limit) = app.nearest_connection_limit(organisation);
        Some(LeaseGrant {
            app: ask.app.clone(),
            granted: granted.unsigned_abs(),
            connections: connections.unsigned_abs(),
            pool: app.nearest_pool(organisation, now),
            connections_open: u32::try_from(connections_open.max(0)).unwrap_or(u32::MAX),
            connections_limit: connections_limit.unsigned_abs(),
        })
    }
}

impl AppShare {
    fn charge(&mut self, organisation: &mut OrganisationShare, units: i64) {
        organisation.pool.charge(units, organisation.bills_overage(self.wants_overage));
        if let Some(pool) = &mut self.pool {
            // An app's part is a bound that its owner set: there is nothing to bill beyond it.
            pool.charge(units, false);
        }
    }

    /// Units beyond those used. Its own lease is not among what is taken.
    fn units_for(&self, organisation: &OrganisationShare) -> i64 {
        let wish = |taken: &Taken| Wish {
            wanted: self.lease.wanted,
            others: taken.units_wanted,
            is_idle: self.lease.left_units_untouched,
        };
        let of_organisation = match organisation.room(self.wants_overage) {
            Room::Endless => self.lease.wanted,
            Room::Units(units) => {
                share(units.saturating_sub(organisation.taken.units), wish(&organisation.taken))
            }
        };
        match &self.pool {
            None => of_organisation,
            Some(pool) => {
                let free = pool.left.saturating_sub(self.taken.units);
                of_organisation.min(share(free, wish(&self.taken)))
            }
        }
    }

    /// Connections that may be open here at once. Those that are open stay; their places are not
    /// filled again while there are too many.
    fn connections_for(&self, organisation: &OrganisationShare) -> i32 {
        let open = i64::from(self.lease.open);
        let under = |limit: i32, taken: &Taken| {
            let mine = (i64::from(limit) - taken.connections).max(0);
            let wish = Wish {
                wanted: i64::from(self.lease.wanted_connections),
                others: taken.connections_wanted,
                is_idle: self.lease.left_connections_untouched,
            };
            mine.min(open + share(mine - open, wish))
        };
        let most = under(organisation.max_connections, &organisation.taken)
            .min(under(self.max_connections, &self.taken));
        i32::try_from(most).unwrap_or(i32::MAX)
    }

    /// Open connections and their limit, where the fewest can be added.
    fn nearest_connection_limit(&self, organisation: &OrganisationShare) -> (i64, i32) {
        let of_app = (self.taken.connections_open, self.max_connections);
        let of_all = (organisation.taken.connections_open, organisation.max_connections);
        let room = |(open, limit): (i64, i32)| i64::from(limit) - open;
        if room(of_app) < room(of_all) { of_app } else { of_all }
    }

    /// The quota of which the least is left.
    fn nearest_pool(&self, organisation: &OrganisationShare, now: OffsetDateTime) -> Pool {
        let has_overage = organisation.bills_overage(self.wants_overage);
        let room = match organisation.room(self.wants_overage) {
            Room::Endless => i64::MAX,
            Room::Units(units) => units,
        };
        let whole = |units: i64| units.max(0).unsigned_abs();
        let of_units = |rule: &str, pool: &UnitPool, left: i64, has_overage| Pool {
            rule: rule.into(),
            limit: whole(pool.limit_today()),
            used: whole(pool.used_today),
            resets_at: resets_at(now),
            is_exhausted: left <= 0,
            has_overage,
        };
        if let Some(own) = self.pool.as_ref().filter(|own| own.left < room) {
            return of_units("app_messages", own, own.left, false);
        }
        match organisation.overage_units().filter(|_| has_overage && room <= 0) {
            Some(most) => Pool {
                rule: "spend_limit".into(),
                limit: whole(most),
                used: whole(organisation.pool.overage),
                resets_at: resets_at(now),
                is_exhausted: true,
                has_overage: true,
            },
            None => of_units("messages", &organisation.pool, room, has_overage),
        }
    }
}
