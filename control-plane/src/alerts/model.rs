//! Limits, how far they are used, and which thresholds that reaches.

use crate::{
    audit::fact,
    billing::{calendar::Day, money::Micros},
};
use contract::AppId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

pub const DEFAULT_THRESHOLDS: [i16; 4] = [50, 80, 95, 100];
pub const MAX_THRESHOLDS: usize = 10;

/// What nears its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Units of the organisation's pool, of what there was to use today.
    Messages,
    /// The same of one app's own part.
    AppMessages,
    /// Open connections of all apps.
    Connections,
    /// The same of one app's own limit.
    AppConnections,
    /// Micro-dollars of overage in the period.
    SpendLimit,
}

impl Rule {
    pub const ALL: [Rule; 5] = [
        Self::Messages,
        Self::AppMessages,
        Self::Connections,
        Self::AppConnections,
        Self::SpendLimit,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::AppMessages => "app_messages",
            Self::Connections => "connections",
            Self::AppConnections => "app_connections",
            Self::SpendLimit => "spend_limit",
        }
    }

    pub fn from_text(text: &str) -> Result<Self, sqlx::Error> {
        let known = Self::ALL.into_iter().find(|rule| rule.as_str() == text);
        known.ok_or_else(|| sqlx::Error::Decode("unknown rule of an alert".into()))
    }

    /// An amount as people read it.
    pub fn shown(self, amount: i64) -> String {
        match self {
            Self::Messages | Self::AppMessages => format!("{amount} units"),
            Self::Connections | Self::AppConnections => format!("{amount} connections"),
            Self::SpendLimit => Micros(amount).to_string(),
        }
    }
}

/// How far one limit is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    pub organisation: Uuid,
    /// Absent: of the whole organisation.
    pub app: Option<AppId>,
    pub rule: Rule,
    /// The day, or the day the period began: each threshold is told once in it.
    pub window: Day,
    pub used: i64,
    pub limit: i64,
    /// The highest threshold that was told already.
    pub told: i16,
}

impl Measure {
    /// Thresholds that are reached and were not told, in order. A limit of nothing is used up.
    pub fn reached(&self, thresholds: &[i16]) -> Vec<i16> {
        let is_reached = |threshold: i16| {
            i128::from(self.used) * 100 >= i128::from(self.limit) * i128::from(threshold)
        };
        let mut reached: Vec<i16> = thresholds
            .iter()
            .copied()
            .filter(|threshold| *threshold > self.told && is_reached(*threshold))
            .collect();
        reached.sort_unstable();
        reached
    }
}

/// Which alerts an organisation wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertSettings {
    /// Per cent, 1 to 100; at most ten.
    pub thresholds: Vec<i16>,
    pub messages: bool,
    pub connections: bool,
    pub spending: bool,
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            thresholds: DEFAULT_THRESHOLDS.to_vec(),
            messages: true,
            connections: true,
            spending: true,
        }
    }
}

fact!(AlertSettings);

impl AlertSettings {
    pub fn wants(&self, rule: Rule) -> bool {
        match rule {
            Rule::Messages | Rule::AppMessages => self.messages,
            Rule::Connections | Rule::AppConnections => self.connections,
            Rule::SpendLimit => self.spending,
        }
    }
}

/// An alert that was sent. Also the `data` of the event `quota.threshold`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Alert {
    pub organisation_id: Uuid,
    #[schema(required, value_type = Option<String>)]
    pub app_id: Option<AppId>,
    pub rule: Rule,
    /// Per cent.
    pub threshold: i16,
    pub used: i64,
    pub limit: i64,
    #[schema(value_type = String, format = "date")]
    pub window_start: Day,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_threshold_is_told_when_it_is_reached_and_not_again() {
        let check = |used, limit, told, expected: &[i16]| {
            let measure = Measure {
                organisation: Uuid::nil(),
                app: None,
                rule: Rule::Messages,
                window: "2026-11-21".parse().unwrap(),
                used,
                limit,
                told,
            };
            assert_eq!(measure.reached(&DEFAULT_THRESHOLDS), expected, "{used} of {limit}, {told}");
        };
        check(49, 100, 0, &[]);
        check(50, 100, 0, &[50]);
        check(96, 100, 0, &[50, 80, 95]);
        check(96, 100, 80, &[95]);
        check(96, 100, 95, &[]);
        check(300, 100, 95, &[100]);
        check(0, 0, 0, &[50, 80, 95, 100]);
        check(i64::MAX, i64::MAX, 95, &[100]);
    }
}
