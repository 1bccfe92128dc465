//! What was agreed, and when: all that an invoice needs besides the ledger.

use super::{
    calendar::{Day, Period},
    money::Micros,
};
use contract::AppId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// The plan's terms from a moment on, until the next ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Term {
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    pub plan: String,
    pub version: i32,
    /// Units that a UTC day adds to the pool.
    pub messages_per_day: i64,
    /// Absent where overage cannot be chosen.
    pub overage_micros_per_million: Option<Micros>,
}

/// An app went on beyond the pool from a moment on, until another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OverageSpan {
    #[schema(value_type = String)]
    pub app: AppId,
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub until: Option<OffsetDateTime>,
}

/// What a period's usage is billed by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Basis {
    pub period: Period,
    /// What was in the pool before the first day added to it.
    pub opening_units: i64,
    /// In order; the first is in force when the period begins.
    pub terms: Vec<Term>,
    pub overage_apps: Vec<OverageSpan>,
    /// The highest that was in force in the period; absent if there was none at some time.
    pub spend_limit_micros: Option<Micros>,
}

/// What a million units beyond the pool cost, and which version of which plan says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    pub plan: String,
    pub version: i32,
    pub micros_per_million: Micros,
}

/// The terms of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayTerms {
    pub messages_per_day: i64,
    pub price: Option<Price>,
}

impl Basis {
    /// An upgrade counts for the whole of its day: the day adds what the largest of its plans adds,
    /// and units beyond the pool cost what the last plan with a price asks.
    pub fn of_day(&self, day: Day) -> DayTerms {
        let ends = self.terms.iter().skip(1).map(|term| Some(term.from)).chain([None]);
        let in_force = self
            .terms
            .iter()
            .zip(ends)
            .filter(|(term, end)| {
                term.from < day.end() && end.is_none_or(|end| end > day.start().max(term.from))
            })
            .map(|(term, _)| term);
        let messages_per_day = in_force.clone().map(|term| term.messages_per_day).max();
        let priced = in_force.filter_map(|term| Some((term, term.overage_micros_per_million?)));
        let price = priced.last().map(|(term, micros_per_million)| Price {
            plan: term.plan.clone(),
            version: term.version,
            micros_per_million,
        });
        DayTerms { messages_per_day: messages_per_day.unwrap_or(0), price }
    }

    /// Whether the app might go beyond the pool at any time of the day.
    pub fn has_overage(&self, app: &AppId, day: Day) -> bool {
        self.overage_apps.iter().any(|span| {
            span.app == *app
                && span.from < day.end()
                && span.until.is_none_or(|until| until > day.start().max(span.from))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::calendar::PERIOD;
    use time::{Duration, macros::datetime};

    fn term(from: OffsetDateTime, plan: &str, per_day: i64, price: Option<i64>) -> Term {
        Term {
            from,
            plan: plan.into(),
            version: 1,
            messages_per_day: per_day,
            overage_micros_per_million: price.map(Micros),
        }
    }

    #[test]
    fn a_days_terms_are_those_of_its_best_moment() {
        let start = datetime!(2026-11-01 00:00 UTC);
        let noon = start + Duration::days(4) + Duration::hours(12);
        let reduced = start + Duration::days(9) + Duration::hours(6);
        let basis = Basis {
            period: Period { start, end: start + PERIOD },
            opening_units: 0,
            terms: vec![
                term(start, "free", 300, None),
                term(noon, "growth", 10_000, Some(2)),
                term(reduced, "free", 300, None),
            ],
            overage_apps: vec![OverageSpan {
                app: "7".parse().unwrap(),
                from: noon,
                until: Some(start + Duration::days(6)),
            }],
            spend_limit_micros: None,
        };
        let of = |day: &str| {
            let terms = basis.of_day(day.parse().unwrap());
            (terms.messages_per_day, terms.price.map(|p| p.micros_per_million.0))
        };
        assert_eq!(of("2026-11-04"), (300, None));
        assert_eq!(of("2026-11-05"), (10_000, Some(2)), "the day of the upgrade");
        assert_eq!(of("2026-11-06"), (10_000, Some(2)));
        assert_eq!(of("2026-11-10"), (10_000, Some(2)), "the day it was reduced");
        assert_eq!(of("2026-11-11"), (300, None));
        let app = "7".parse().unwrap();
        let over = |day: &str| basis.has_overage(&app, day.parse().unwrap());
        assert_eq!(
            ["2026-11-04", "2026-11-05", "2026-11-06", "2026-11-07"].map(over),
            [false, true, true, false]
        );
        assert!(!basis.has_overage(&"8".parse().unwrap(), "2026-11-05".parse().unwrap()));
    }
}
