//! What lies beyond the message pool: which units of which app and day are overage.
//!
//! Every UTC day adds the plan's `messages_per_day` to the pool, which holds at most thirty of
//! them. A day's units are taken from it: first those of apps that are capped, then those of apps
//! with overage. What the pool has not got for the latter is overage, shared among them by their
//! units. The rest of what the pool has not got (the fan-out of the last messages before a cap) is
//! owed by the next day.

use super::{
    calendar::Day,
    ledger::{Units, Usage},
    money::{Micros, TooMuch},
    terms::{Basis, Price},
};
use contract::AppId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Days' worth that the pool holds at most.
pub const POOL_DAYS: i128 = 30;

/// Which counter a unit stands in.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    PublishedUnits,
    DeliveredUnits,
}

impl Counted {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PublishedUnits => "published_units",
            Self::DeliveredUnits => "delivered_units",
        }
    }
}

/// Units of one app, day and metric beyond the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overage {
    pub app: AppId,
    pub day: Day,
    pub metric: Counted,
    pub units: u64,
    pub price: Price,
}

impl Overage {
    pub fn amount(&self) -> Result<Micros, TooMuch> {
        Micros::of_units(self.units, self.price.micros_per_million)
    }
}

/// The days of a period gone through, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    pub overage: Vec<Overage>,
    /// What is in the pool at the end; below zero: owed.
    pub pool: i64,
}

pub fn walk(basis: &Basis, usage: &Usage) -> Result<Walk, TooMuch> {
    let mut pool = i128::from(basis.opening_units);
    let mut overage = Vec::new();
    for day in basis.period.days() {
        let terms = basis.of_day(day);
        let gain = i128::from(terms.messages_per_day);
        pool = (pool + gain).min(gain * POOL_DAYS);
        let may_exceed = |app: &AppId| terms.price.is_some() && basis.has_overage(app, day);
        let (exceeding, capped): (Vec<_>, Vec<_>) =
            usage.of_day(day).partition(|(app, _)| may_exceed(app));
        pool -= capped.iter().map(|(_, units)| i128::from(units.total())).sum::<i128>();
        let wanted: i128 = exceeding.iter().map(|(_, units)| i128::from(units.total())).sum();
        let from_pool = wanted.min(pool.max(0));
        pool -= from_pool;
        let beyond = wanted - from_pool;
        let Some(price) = terms.price.filter(|_| beyond > 0) else { continue };
        for ((app, units), share) in exceeding.iter().zip(shares(&exceeding, beyond)?) {
            overage.extend(split(app, day, *units, share, &price));
        }
    }
    Ok(Walk { overage, pool: i64::try_from(pool).map_err(|_| TooMuch)? })
}

/// `beyond` divided by the apps' units: whole units, the largest remainders first, then by app.
fn shares(exceeding: &[(&AppId, Units)], beyond: i128) -> Result<Vec<u64>, TooMuch> {
    let all: i128 = exceeding.iter().map(|(_, units)| i128::from(units.total())).sum();
    let exact = |(_, units): &(&AppId, Units)| i128::from(units.total()).checked_mul(beyond);
    let exact: Vec<i128> = exceeding.iter().map(exact).collect::<Option<_>>().ok_or(TooMuch)?;
    let mut shares: Vec<i128> = exact.iter().map(|exact| exact / all).collect();
    let mut rest = beyond - shares.iter().sum::<i128>();
    let mut order: Vec<usize> = (0..exact.len()).collect();
    // The sort is stable, and apps come in the order of their ids.
    order.sort_by_key(|at| std::cmp::Reverse(exact[*at] % all));
    for at in order {
        if rest > 0 {
            shares[at] += 1;
            rest -= 1;
        }
    }
    shares.into_iter().map(|share| u64::try_from(share).map_err(|_| TooMuch)).collect()
}

/// The delivered units count as the last of the day, so they are beyond the pool first.
fn split(app: &AppId, day: Day, units: Units, share: u64, price: &Price) -> Vec<Overage> {
    let delivered = share.min(units.delivered);
    let parts =
        [(Counted::PublishedUnits, share - delivered), (Counted::DeliveredUnits, delivered)];
    let part =
        |(metric, units)| Overage { app: app.clone(), day, metric, units, price: price.clone() };
    parts.into_iter().filter(|(_, units)| *units > 0).map(part).collect()
}
