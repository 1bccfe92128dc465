//! The lines of an invoice.

use super::{
    calendar::{Day, Period},
    money::Micros,
    pool::Counted,
};
use contract::AppId;
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Line {
    /// The plan, for a period that begins.
    PlanFee {
        plan: String,
        version: i32,
        period: Period,
        amount_micros: Micros,
    },
    /// What is given back of the plan that was left.
    ProrationCredit {
        plan: String,
        version: i32,
        seconds: u64,
        of_seconds: u64,
        amount_micros: Micros,
    },
    /// The new plan, for the rest of the period.
    ProrationCharge {
        plan: String,
        version: i32,
        seconds: u64,
        of_seconds: u64,
        amount_micros: Micros,
    },
    /// Units beyond the pool.
    Overage(UnitsLine),
    /// What the period before should have been, less what was billed for it.
    Correction(UnitsLine),
    /// What is beyond the limit on spending is not charged.
    SpendLimit {
        limit_micros: Micros,
        amount_micros: Micros,
    },
    Credit {
        id: Uuid,
        reason: String,
        amount_micros: Micros,
    },
    /// An invoice is never below zero; what would be is a credit for the next.
    CarriedForward {
        amount_micros: Micros,
    },
}

/// Units of one app, metric and day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnitsLine {
    #[schema(value_type = String)]
    pub app: AppId,
    pub metric: Counted,
    #[schema(value_type = String, format = "date")]
    pub day: Day,
    pub units: i64,
    /// Whose price it is.
    pub plan: String,
    pub version: i32,
    pub micros_per_million: Micros,
    pub amount_micros: Micros,
}

impl Line {
    pub fn amount(&self) -> Micros {
        match self {
            Self::PlanFee { amount_micros, .. }
            | Self::ProrationCredit { amount_micros, .. }
            | Self::ProrationCharge { amount_micros, .. }
            | Self::SpendLimit { amount_micros, .. }
            | Self::Credit { amount_micros, .. }
            | Self::CarriedForward { amount_micros } => *amount_micros,
            Self::Overage(line) | Self::Correction(line) => line.amount_micros,
        }
    }
}

/// As people read it on the invoice.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PlanFee { plan, version, period, .. } => {
                let (from, to) = (Day::of(period.start), Day::of(period.end));
                write!(f, "Plan {plan} (price {version}), {from} to {to}")
            }
            Self::ProrationCredit { plan, version, seconds, of_seconds, .. } => write!(
                f,
                "Plan {plan} (price {version}), unused: {seconds} of {of_seconds} seconds"
            ),
            Self::ProrationCharge { plan, version, seconds, of_seconds, .. } => write!(
                f,
                "Plan {plan} (price {version}), rest of the period: {seconds} of {of_seconds} seconds"
            ),
            Self::Overage(line) => write!(f, "{line}"),
            Self::Correction(line) => write!(f, "Correction: {line}"),
            Self::SpendLimit { limit_micros, .. } => {
                write!(f, "Beyond the spending limit of {limit_micros}: not charged")
            }
            Self::Credit { reason, .. } => write!(f, "Credit: {reason}"),
            Self::CarriedForward { .. } => f.write_str("Carried forward as a credit"),
        }
    }
}

impl fmt::Display for UnitsLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "App {}, {}, {}: {} units at {} per million ({} {})",
            self.app,
            self.metric.as_str(),
            self.day,
            self.units,
            self.micros_per_million,
            self.plan,
            self.version,
        )
    }
}
