//! A control plane that lends from one pool, as far as gateways can see it: it divides what is
//! left by what is wanted, and takes back what a silent gateway was lent and did not use.

use contract::lease::{LeaseAnswer, LeaseAsk, LeaseGrant, LeaseRequest, Pool};
use std::collections::HashMap;

#[derive(Debug, Default)]
pub struct ControlPlane {
    pub limit: u64,
    pub resets_at: i64,
    pub connections: u32,
    holders: HashMap<String, Holder>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Holder {
    used: u64,
    granted: u64,
    wanted: u64,
    open: u32,
    places: u32,
    seen_ms: u64,
}

const SILENCE_MS: u64 = 10_000;

impl ControlPlane {
    pub fn with(limit: u64, connections: u32) -> Self {
        let resets_at = i64::MAX / 2;
        Self { limit, resets_at, connections, ..Self::default() }
    }

    pub fn used(&self) -> u64 {
        self.holders.values().map(|holder| holder.used).sum()
    }

    pub fn answer(&mut self, request: &LeaseRequest, now_ms: u64) -> LeaseAnswer {
        let grants = request.asks.iter().map(|ask| self.grant(&request.gateway, ask, now_ms));
        LeaseAnswer { grants: grants.collect() }
    }

    fn grant(&mut self, gateway: &str, ask: &LeaseAsk, now_ms: u64) -> LeaseGrant {
        let mut own = self.holders.get(gateway).copied().unwrap_or_default();
        let is_idle = own.granted > own.used && own.used == ask.used;
        (own.used, own.wanted, own.open) = (ask.used.max(own.used), ask.wanted, ask.open);
        own.seen_ms = now_ms;
        self.holders.insert(gateway.to_owned(), own);
        let is_other = |(name, holder): &(&String, &Holder)| {
            *name != gateway && now_ms < holder.seen_ms + SILENCE_MS
        };
        let others = || self.holders.iter().filter(is_other).map(|(_, holder)| holder);
        let held: u64 = others().map(|other| other.granted.saturating_sub(other.used)).sum();
        let wanted_by_others: u64 = others().map(|other| other.wanted).sum();
        let places_of_others: u32 = others().map(|other| other.places.max(other.open)).sum();
        let open: u32 = others().map(|other| other.open).sum::<u32>() + ask.open;
        let used = self.used();
        let available = self.limit.saturating_sub(used + held);
        let units = share(available, ask.wanted, wanted_by_others, is_idle);
        let free = self.connections.saturating_sub(places_of_others + ask.open);
        own.granted = own.used + units;
        own.places = ask.open + free.min(ask.wanted_connections);
        self.holders.insert(gateway.to_owned(), own);
        LeaseGrant {
            app: ask.app.clone(),
            granted: own.granted,
            connections: own.places,
            pool: Pool {
                rule: "messages".into(),
                limit: self.limit,
                used,
                resets_at: self.resets_at,
                is_exhausted: used >= self.limit,
                has_overage: false,
            },
            connections_open: open,
            connections_limit: self.connections,
        }
    }
}

fn share(available: u64, wanted: u64, others: u64, is_idle: bool) -> u64 {
    let all = wanted + others;
    match () {
        _ if available == 0 || wanted == 0 => 0,
        _ if available >= all => wanted,
        _ if is_idle && others > 0 => 0,
        _ => (available * wanted).div_ceil(all).min(available).min(wanted),
    }
}
