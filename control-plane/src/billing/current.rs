//! The period so far: what it would cost if it ended now, and what it may come to.

use super::{
    calendar::{Day, Period},
    compute::{Outcome, Recipe, invoice},
    ledger::{Units, Usage},
    line::Line,
    money::{Micros, TooMuch},
    periods,
    subscription::Standing,
};
use crate::{
    api::{ApiError, Body, Problem},
    organisations::{OrganisationAccess, Permission},
    state::State,
};
use actix_web::{HttpResponse, get, put, web::Data};
use contract::AppId;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct CurrentBill {
    pub plan: String,
    pub version: i32,
    #[schema(required)]
    pub next_plan: Option<String>,
    pub standing: Standing,
    pub period: Period,
    #[schema(required)]
    pub spend_limit_micros: Option<Micros>,
    /// Overage and corrections so far; what is paid in advance is on invoices already.
    pub lines: Vec<Line>,
    pub overage_micros: Micros,
    /// What the period's overage comes to if its other days are like those so far.
    pub forecast_overage_micros: Micros,
    /// The plan's price for the next period, due when that begins.
    pub next_fee_micros: Micros,
    /// The next invoice by this forecast, before credits.
    pub forecast_total_cents: i64,
    pub credits_left_micros: Micros,
    pub peak_connections_p99: u64,
}

/// What the present period has come to so far, and what it may come to.
#[utoipa::path(
    tag = "billing",
    params(("org" = String, Path, description = "Organisation id")),
    responses(
        (status = 200, body = CurrentBill),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/billing/current")]
pub async fn get_current_bill(
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::BillingRead)?;
    let now = OffsetDateTime::now_utc();
    let mut tx = access.begin(&state).await?;
    let subscription = periods::current(&mut tx, now).await?;
    let period = subscription.period;
    let opening = periods::opening_of(&mut tx, period.start).await?;
    let (recipe, usage) = periods::recipe_of(&mut tx, period, opening).await?;
    let credits = super::invoices::store::credits_left(&mut tx).await?;
    tx.commit().await?;
    let so_far = invoice(&recipe, &usage)?;
    let forecast = forecast(&recipe, &usage, period, now)?;
    let next = subscription.next.as_ref().unwrap_or(&subscription.plan);
    let total = Micros::sum([forecast.total_micros, next.price_micros])?;
    Ok(HttpResponse::Ok().json(CurrentBill {
        plan: subscription.plan.plan.clone(),
        version: subscription.plan.version,
        next_plan: subscription.next.as_ref().map(|plan| plan.plan.clone()),
        standing: subscription.standing,
        period,
        spend_limit_micros: subscription.spend_limit_micros,
        overage_micros: overage(&so_far),
        forecast_overage_micros: overage(&forecast),
        next_fee_micros: next.price_micros,
        forecast_total_cents: total.to_cents(),
        credits_left_micros: Micros::sum(credits.iter().map(|credit| credit.left_micros))?,
        peak_connections_p99: so_far.peak_connections_p99.unwrap_or(0),
        lines: so_far.lines,
    }))
}

fn overage(outcome: &Outcome) -> Micros {
    let counts = |line: &&Line| matches!(line, Line::Overage(_) | Line::SpendLimit { .. });
    outcome.lines.iter().filter(counts).map(Line::amount).sum()
}

/// The bill if every day from now on is like the average of those so far. The pool, the limit on
/// spending and everything else count as they will.
pub fn forecast(
    recipe: &Recipe,
    usage: &Usage,
    period: Period,
    now: OffsetDateTime,
) -> Result<Outcome, TooMuch> {
    let elapsed = u64::try_from((now - period.start).whole_seconds()).unwrap_or(0).max(1);
    let mut sums: BTreeMap<AppId, Units> = BTreeMap::new();
    for day in period.days() {
        for (app, units) in usage.of_day(day) {
            let sum = sums.entry(app.clone()).or_default();
            sum.published = sum.published.saturating_add(units.published);
            sum.delivered = sum.delivered.saturating_add(units.delivered);
        }
    }
    let mut usage = usage.clone();
    let today = Day::of(now);
    for day in period.days().filter(|day| *day >= today) {
        let seconds = u64::try_from((day.end() - now.max(day.start())).whole_seconds());
        let seconds = seconds.unwrap_or(0);
        let part = |sum: u64| {
            let part = u128::from(sum) * u128::from(seconds) / u128::from(elapsed);
            u64::try_from(part).unwrap_or(u64::MAX)
        };
        for (app, sum) in &sums {
            let units = Units { published: part(sum.published), delivered: part(sum.delivered) };
            usage.add_units(day, app, units);
        }
    }
    invoice(recipe, &usage)
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpendLimit {
    /// Micro-dollars of overage that a period may come to; `null`: no end. What is beyond is
    /// refused like units beyond a cap, and not charged.
    #[serde(deserialize_with = "said")]
    #[schema(required)]
    pub spend_limit_micros: Option<Micros>,
}

/// A limit is not taken away by not being mentioned.
fn said<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Micros>, D::Error> {
    Option::deserialize(d)
}

/// Limit what a period's overage may come to.
#[utoipa::path(
    tag = "billing",
    params(("org" = String, Path, description = "Organisation id")),
    request_body = SpendLimit,
    responses(
        (status = 200, body = SpendLimit),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[put("/v1/organisations/{org}/billing/spend-limit")]
pub async fn put_spend_limit(
    state: Data<State>,
    access: OrganisationAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::BillingWrite)?;
    let SpendLimit { spend_limit_micros } = body.json::<SpendLimit>().await?.value;
    if spend_limit_micros.is_some_and(|limit| limit < Micros::ZERO) {
        return Err(ApiError::field("spend_limit_micros", "must be zero or more"));
    }
    let now = OffsetDateTime::now_utc();
    let mut tx = access.begin(&state).await?;
    let mut subscription = periods::current(&mut tx, now).await?;
    if subscription.spend_limit_micros != spend_limit_micros {
        let before = subscription.clone();
        subscription.spend_limit_micros = spend_limit_micros;
        super::subscription::save(&mut tx, &subscription, now).await?;
        let (action, subject) = ("billing.spend_limit_changed", "spend_limit");
        tx.audit_change(action, subject, Some(&before), Some(&subscription)).await?;
    }
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(SpendLimit { spend_limit_micros }))
}
