//! Periods follow each other: at the end of one the next begins at once, and its invoice is made
//! an hour later, when what was under way from the gateways has arrived.

use super::{
    calendar::Period,
    compute::{Fee, PreviousPeriod, Recipe},
    invoices::{
        issue::{computed, issue},
        model::Invoice,
    },
    ledger::Usage,
    line::{Line, UnitsLine},
    pool::walk,
    subscription::{self, FREE, Plan, Standing, Subscription},
    usage,
};
use crate::{
    api::ApiError,
    db::{Organisation, TenantTx},
    state::State,
};
use sqlx::types::Json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How long after a period its invoice waits for late batches. What comes later still is a
/// correction on the next invoice.
pub const GRACE: Duration = Duration::hours(1);

/// The subscription as it is at `now`: periods that have ended are over, whether or not the job
/// that ends them has come by. Whoever changes a subscription begins here.
pub async fn current(tx: &mut TenantTx, now: OffsetDateTime) -> Result<Subscription, ApiError> {
    let mut subscription = subscription::lock(tx).await?;
    let mut changed = false;
    while subscription.period.end <= now {
        let begun_with = subscription.plan.clone();
        subscription = following(tx, subscription).await?;
        begin(tx, &subscription).await?;
        subscription::save(tx, &subscription, subscription.period.start).await?;
        changed |= !begun_with.is(&subscription.plan);
    }
    if changed {
        subscription::republish(tx).await?;
        tx.audit("subscription.changed", &subscription.plan.plan).await?;
    }
    Ok(subscription)
}

/// What follows: the plan that was chosen for it, or the same. Who has not paid by then, or is
/// leaving, goes on with the free plan.
async fn following(tx: &mut TenantTx, ended: Subscription) -> Result<Subscription, ApiError> {
    let organisation = tx.organisation().uuid();
    let is_leaving = sqlx::query_scalar!(
        r#"SELECT deleting_at IS NOT NULL OR erased_at IS NOT NULL AS "is_leaving!"
           FROM organisations WHERE id = $1"#,
        organisation,
    )
    .fetch_one(tx.db())
    .await?;
    let plan = match ended.standing {
        _ if is_leaving => free(tx).await?,
        Standing::Reduced => free(tx).await?,
        Standing::Good | Standing::PastDue => ended.next.unwrap_or(ended.plan),
    };
    Ok(Subscription { plan, next: None, period: ended.period.next(), ..ended })
}

pub async fn free(tx: &mut TenantTx) -> Result<Plan, ApiError> {
    let free = subscription::newest(tx, FREE).await?;
    free.ok_or_else(|| ApiError::internal("there is no free plan"))
}

async fn begin(tx: &mut TenantTx, subscription: &Subscription) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO billing_periods (organisation_id, start_at, end_at, plan, version)
         VALUES ($1, $2, $3, $4, $5)",
        tx.organisation().uuid(),
        subscription.period.start,
        subscription.period.end,
        subscription.plan.plan,
        subscription.plan.version,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Organisations whose period has ended.
pub async fn ended(state: &State, now: OffsetDateTime) -> Result<Vec<Uuid>, sqlx::Error> {
    let mut tx = state.db.service().await?;
    let ended = sqlx::query_scalar!(
        "SELECT organisation_id FROM subscriptions WHERE period_end <= $1
         ORDER BY period_end LIMIT 1000",
        now,
    )
    .fetch_all(tx.db())
    .await?;
    tx.commit().await?;
    Ok(ended)
}

pub async fn roll(state: &State, organisation: Uuid, now: OffsetDateTime) -> Result<(), ApiError> {
    let mut tx = state.db.tenant("billing", Organisation::known(organisation)).await?;
    current(&mut tx, now).await?;
    Ok(tx.commit().await?)
}

/// Periods whose invoice is due to be made, oldest first.
pub async fn to_close(
    state: &State,
    now: OffsetDateTime,
) -> Result<Vec<(Uuid, OffsetDateTime)>, sqlx::Error> {
    let mut tx = state.db.service().await?;
    let rows = sqlx::query!(
        "SELECT p.organisation_id, p.start_at
         FROM billing_periods p JOIN subscriptions s USING (organisation_id)
         WHERE p.closed_at IS NULL AND p.end_at <= $1 AND s.period_start >= p.end_at
         ORDER BY p.end_at, p.start_at LIMIT 1000",
        now - GRACE,
    )
    .fetch_all(tx.db())
    .await?;
    tx.commit().await?;
    Ok(rows.into_iter().map(|row| (row.organisation_id, row.start_at)).collect())
}

struct Row {
    end_at: OffsetDateTime,
    opening_units: Option<i64>,
    closed_at: Option<OffsetDateTime>,
}

async fn row(tx: &mut TenantTx, start: OffsetDateTime) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT end_at, opening_units, closed_at FROM billing_periods
         WHERE organisation_id = $1 AND start_at = $2",
        tx.organisation().uuid(),
        start,
    )
    .fetch_optional(tx.db())
    .await
}

/// The period that ended when this one began, as it was billed.
async fn before(
    tx: &mut TenantTx,
    start: OffsetDateTime,
) -> Result<Option<PreviousPeriod>, ApiError> {
    let row = sqlx::query!(
        r#"SELECT start_at, opening_units, billed AS "billed: Json<Vec<UnitsLine>>"
           FROM billing_periods
           WHERE organisation_id = $1 AND end_at = $2 AND closed_at IS NOT NULL"#,
        tx.organisation().uuid(),
        start,
    )
    .fetch_optional(tx.db())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let period = Period { start: row.start_at, end: start };
    let basis = subscription::basis(tx, period, row.opening_units.unwrap_or(0)).await?;
    Ok(Some(PreviousPeriod {
        basis,
        billed: row.billed.map(|billed| billed.0).unwrap_or_default(),
    }))
}

/// A recipe with all that a period's usage is billed from, and that usage, late arrivals of the
/// period before included.
pub async fn recipe_of(
    tx: &mut TenantTx,
    period: Period,
    opening_units: Option<i64>,
) -> Result<(Recipe, Usage), ApiError> {
    let previous = before(tx, period.start).await?;
    let from = previous.as_ref().map_or(period.start, |previous| previous.basis.period.start);
    let used = usage::of_period(tx, Period { start: from, end: period.end }).await?;
    let opening = match &previous {
        Some(previous) => walk(&previous.basis, &used)?.pool,
        None => opening_units.unwrap_or(0),
    };
    let usage = Some(subscription::basis(tx, period, opening).await?);
    Ok((Recipe { usage, previous, ..Recipe::default() }, used))
}

/// Makes the invoice of a period that has ended: its usage, corrections of the one before, and
/// the fee of the next one. Done already: changes nothing.
pub async fn close(
    state: &State,
    organisation: Uuid,
    start: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<Option<Invoice>, ApiError> {
    let mut tx = state.db.tenant("billing", Organisation::known(organisation)).await?;
    current(&mut tx, now).await?;
    let Some(ended) = row(&mut tx, start).await?.filter(|row| row.closed_at.is_none()) else {
        return Ok(None);
    };
    let period = Period { start, end: ended.end_at };
    let (mut recipe, used) = recipe_of(&mut tx, period, ended.opening_units).await?;
    recipe.fee = fee(&mut tx, period.end).await?;
    let opening = recipe.usage.as_ref().map_or(0, |basis| basis.opening_units);
    let (recipe, outcome) = computed(&mut tx, recipe, &used).await?;
    let of_overage = |line: &Line| match line {
        Line::Overage(line) => Some(line.clone()),
        _ => None,
    };
    let lines: Vec<UnitsLine> = outcome.lines.iter().filter_map(of_overage).collect();
    let closing = outcome.closing_units.unwrap_or(opening);
    let invoice = issue(&mut tx, &state.billing, recipe, outcome, now).await?;
    sqlx::query!(
        "UPDATE billing_periods
         SET opening_units = $3, closing_units = $4, billed = $5, closed_at = $6,
             invoice_number = $7
         WHERE organisation_id = $1 AND start_at = $2",
        organisation,
        start,
        opening,
        closing,
        serde_json::to_value(&lines).map_err(ApiError::internal)?,
        now,
        invoice.as_ref().map(|invoice| invoice.number),
    )
    .execute(tx.db())
    .await?;
    if let Some(invoice) = &invoice {
        tx.audit("invoice.issued", &invoice.number.to_string()).await?;
    }
    tx.commit().await?;
    Ok(invoice)
}

/// What the period that begins at `start` costs in advance, by the plan it began with.
async fn fee(tx: &mut TenantTx, start: OffsetDateTime) -> Result<Option<Fee>, ApiError> {
    let row = sqlx::query!(
        "SELECT p.end_at, v.plan, v.version, v.price_micros
         FROM billing_periods p JOIN plan_versions v USING (plan, version)
         WHERE p.organisation_id = $1 AND p.start_at = $2",
        tx.organisation().uuid(),
        start,
    )
    .fetch_optional(tx.db())
    .await?;
    Ok(row.filter(|row| row.price_micros > 0).map(|row| Fee {
        plan: row.plan,
        version: row.version,
        price_micros: super::money::Micros(row.price_micros),
        period: Period { start, end: row.end_at },
    }))
}

/// What was in the pool before a period's first day, where that is written down.
pub async fn opening_of(tx: &mut TenantTx, start: OffsetDateTime) -> Result<Option<i64>, ApiError> {
    Ok(row(tx, start).await?.and_then(|row| row.opening_units))
}
