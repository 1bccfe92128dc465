//! The one computation behind every invoice. Pure: what it needs is in the invoice and the ledger,
//! so whoever has both comes to the same cent.

use super::{
    calendar::Period,
    ledger::Usage,
    line::{Line, UnitsLine},
    money::{Micros, TooMuch},
    pool::{Counted, Overage, Walk, walk},
    terms::Basis,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;
use uuid::Uuid;

/// Everything an invoice is made of besides the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Recipe {
    /// The plan of the period that begins, paid in advance.
    pub fee: Option<Fee>,
    /// A change to a larger plan, paid for the rest of the period.
    pub upgrade: Option<Upgrade>,
    /// The usage of the period that ended.
    pub usage: Option<Basis>,
    /// The usage of the period before it, with what was billed for it then.
    pub previous: Option<PreviousPeriod>,
    /// Credits there were, oldest first; as much is used as there is to pay.
    pub credits: Vec<CreditLeft>,
}

impl Recipe {
    /// From where to where the ledger has to be known; absent if no usage is billed.
    pub fn usage_from(&self) -> Option<Period> {
        let usage = self.usage.as_ref()?.period;
        let start = self.previous.as_ref().map_or(usage.start, |p| p.basis.period.start);
        Some(Period { start, end: usage.end })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fee {
    pub plan: String,
    pub version: i32,
    pub price_micros: Micros,
    pub period: Period,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Upgrade {
    pub from: PricedPlan,
    pub to: PricedPlan,
    pub period: Period,
    /// Whole seconds of the period that were left.
    pub seconds: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PricedPlan {
    pub plan: String,
    pub version: i32,
    pub price_micros: Micros,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreviousPeriod {
    pub basis: Basis,
    pub billed: Vec<UnitsLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreditLeft {
    pub id: Uuid,
    pub reason: String,
    pub left_micros: Micros,
}

/// What came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub lines: Vec<Line>,
    pub total_micros: Micros,
    pub total_cents: i64,
    /// What is in the pool at the end of the period that was billed by usage.
    pub closing_units: Option<i64>,
    pub peak_connections_p99: Option<u64>,
}

/// All lines and the total of an invoice.
pub fn invoice(recipe: &Recipe, usage: &Usage) -> Result<Outcome, TooMuch> {
    let mut lines = Vec::new();
    if let Some(upgrade) = &recipe.upgrade {
        lines.extend(upgrade_lines(upgrade)?);
    }
    if let Some(fee) = recipe.fee.as_ref().filter(|fee| fee.price_micros > Micros::ZERO) {
        lines.push(Line::PlanFee {
            plan: fee.plan.clone(),
            version: fee.version,
            period: fee.period,
            amount_micros: fee.price_micros,
        });
    }
    // The pool goes on from where the period before left it, late arrivals included.
    let mut opening = None;
    let mut corrections = Vec::new();
    if let Some(previous) = &recipe.previous {
        let now = walk(&previous.basis, usage)?;
        corrections = correction_lines(previous, &now)?;
        opening = Some(now.pool);
    }
    let mut closing_units = None;
    if let Some(basis) = &recipe.usage {
        let basis =
            Basis { opening_units: opening.unwrap_or(basis.opening_units), ..basis.clone() };
        let walked = walk(&basis, usage)?;
        closing_units = Some(walked.pool);
        lines.extend(usage_lines(&basis, &walked)?);
    }
    lines.extend(corrections);
    lines.extend(credit_lines(&recipe.credits, total(&lines)?));
    let sum = total(&lines)?;
    if sum < Micros::ZERO {
        lines.push(Line::CarriedForward { amount_micros: -sum });
    }
    let total_micros = total(&lines)?;
    let period = recipe.usage.as_ref().map(|basis| basis.period);
    Ok(Outcome {
        total_cents: total_micros.to_cents(),
        total_micros,
        lines,
        closing_units,
        peak_connections_p99: period.map(|period| usage.peak_connections_p99(&period)),
    })
}

fn total(lines: &[Line]) -> Result<Micros, TooMuch> {
    Micros::sum(lines.iter().map(Line::amount))
}

/// What is left of the smaller plan is given back, what is left of the period is charged at the
/// larger plan's price. Both are rounded the same way, so the sum is never below zero.
fn upgrade_lines(upgrade: &Upgrade) -> Result<[Line; 2], TooMuch> {
    let of_seconds = upgrade.period.seconds();
    let part = |plan: &PricedPlan| plan.price_micros.prorated(upgrade.seconds, of_seconds);
    Ok([
        Line::ProrationCredit {
            plan: upgrade.from.plan.clone(),
            version: upgrade.from.version,
            seconds: upgrade.seconds,
            of_seconds,
            amount_micros: -part(&upgrade.from)?,
        },
        Line::ProrationCharge {
            plan: upgrade.to.plan.clone(),
            version: upgrade.to.version,
            seconds: upgrade.seconds,
            of_seconds,
            amount_micros: part(&upgrade.to)?,
        },
    ])
}

fn usage_lines(basis: &Basis, walked: &Walk) -> Result<Vec<Line>, TooMuch> {
    let billed = billed(walked)?;
    let sum = Micros::sum(billed.iter().map(|line| line.amount_micros))?;
    let forgiven = beyond_limit(sum, basis.spend_limit_micros);
    let mut lines: Vec<Line> = billed.into_iter().map(Line::Overage).collect();
    if let Some(limit_micros) = basis.spend_limit_micros.filter(|_| forgiven > Micros::ZERO) {
        lines.push(Line::SpendLimit { limit_micros, amount_micros: -forgiven });
    }
    Ok(lines)
}

/// The overage of a walk, priced.
pub fn billed(walked: &Walk) -> Result<Vec<UnitsLine>, TooMuch> {
    walked
        .overage
        .iter()
        .map(|overage| UnitsLine::of(overage, overage.units.into(), overage.amount()?))
        .collect()
}

fn beyond_limit(sum: Micros, limit: Option<Micros>) -> Micros {
    limit.map_or(Micros::ZERO, |limit| Micros(sum.0.saturating_sub(limit.0).max(0)))
}

type Place = (super::calendar::Day, contract::AppId, Counted);

/// What the period before comes to now, against what was billed for it.
fn correction_lines(previous: &PreviousPeriod, now: &Walk) -> Result<Vec<Line>, TooMuch> {
    let place = |line: &UnitsLine| -> Place { (line.day, line.app.clone(), line.metric) };
    let then: BTreeMap<Place, &UnitsLine> =
        previous.billed.iter().map(|line| (place(line), line)).collect();
    let now = billed(now)?;
    let now: BTreeMap<Place, &UnitsLine> = now.iter().map(|line| (place(line), line)).collect();
    let mut lines = Vec::new();
    for place in then.keys().chain(now.keys()).collect::<BTreeSet<_>>() {
        let (was, is) = (then.get(place), now.get(place));
        let amount = |line: Option<&&UnitsLine>| line.map_or(Micros::ZERO, |l| l.amount_micros);
        let units = |line: Option<&&UnitsLine>| line.map_or(0, |l| l.units);
        let (by, more) = (amount(is).minus(amount(was))?, units(is).saturating_sub(units(was)));
        if let Some(line) = is.or(was).filter(|_| more != 0 || by != Micros::ZERO) {
            lines.push(Line::Correction(UnitsLine {
                units: more,
                amount_micros: by,
                ..(*line).clone()
            }));
        }
    }
    let sum =
        |lines: &BTreeMap<Place, &UnitsLine>| Micros::sum(lines.values().map(|l| l.amount_micros));
    let limit = previous.basis.spend_limit_micros;
    let forgiven = beyond_limit(sum(&now)?, limit).minus(beyond_limit(sum(&then)?, limit))?;
    if let Some(limit_micros) = limit.filter(|_| forgiven != Micros::ZERO) {
        lines.push(Line::SpendLimit { limit_micros, amount_micros: -forgiven });
    }
    Ok(lines)
}

fn credit_lines(credits: &[CreditLeft], to_pay: Micros) -> Vec<Line> {
    let mut open = to_pay.0.max(0);
    let mut lines = Vec::new();
    for credit in credits {
        let used = credit.left_micros.0.clamp(0, open);
        open -= used;
        if used > 0 {
            lines.push(Line::Credit {
                id: credit.id,
                reason: credit.reason.clone(),
                amount_micros: Micros(-used),
            });
        }
    }
    lines
}

impl UnitsLine {
    fn of(overage: &Overage, units: i128, amount_micros: Micros) -> Result<Self, TooMuch> {
        Ok(Self {
            app: overage.app.clone(),
            metric: overage.metric,
            day: overage.day,
            units: i64::try_from(units).map_err(|_| TooMuch)?,
            plan: overage.price.plan.clone(),
            version: overage.price.version,
            micros_per_million: overage.price.micros_per_million,
            amount_micros,
        })
    }
}
