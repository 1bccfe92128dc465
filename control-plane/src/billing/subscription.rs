//! What an organisation is on, in Postgres, and how that changes.

use super::{
    calendar::Period,
    money::Micros,
    terms::{Basis, OverageSpan, Term},
};
pub use crate::plans::{model::Standing, store::republish};
use crate::{api::ApiError, apps::store::parse_id, audit::fact, db::TenantTx};
use serde::Serialize;
use time::OffsetDateTime;

/// The plan that everybody starts with and falls back to.
pub const FREE: &str = "free";

/// One version of a plan, as far as money goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    pub plan: String,
    pub version: i32,
    pub price_micros: Micros,
    pub messages_per_day: i64,
    pub is_public: bool,
}

impl Plan {
    /// Whether a change to `other` is one to more: at once and paid for, and not later.
    pub fn is_below(&self, other: &Plan) -> bool {
        (self.price_micros, self.messages_per_day) < (other.price_micros, other.messages_per_day)
    }

    pub fn is(&self, other: &Plan) -> bool {
        self.plan == other.plan && self.version == other.version
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subscription {
    pub plan: Plan,
    pub next: Option<Plan>,
    pub period: Period,
    pub standing: Standing,
    pub spend_limit_micros: Option<Micros>,
}

fact!(Subscription);

/// The subscription, held until commit. It is the lock on everything that is billed.
pub async fn lock(tx: &mut TenantTx) -> Result<Subscription, ApiError> {
    let row = sqlx::query!(
        "SELECT plan, version, next_plan, next_version, period_start, period_end, standing,
                spend_limit_micros
         FROM subscriptions WHERE organisation_id = $1 FOR NO KEY UPDATE",
        tx.organisation().uuid(),
    )
    .fetch_one(tx.db())
    .await?;
    let next = match (row.next_plan, row.next_version) {
        (Some(plan), Some(version)) => Some(version_of(tx, &plan, version).await?),
        _ => None,
    };
    Ok(Subscription {
        plan: version_of(tx, &row.plan, row.version).await?,
        next,
        period: Period { start: row.period_start, end: row.period_end },
        standing: row.standing.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
        spend_limit_micros: row.spend_limit_micros.map(Micros),
    })
}

/// Writes the subscription as it is from `at` on, and keeps that it was so.
pub async fn save(
    tx: &mut TenantTx,
    subscription: &Subscription,
    at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let organisation = tx.organisation().uuid();
    sqlx::query!(
        "UPDATE subscriptions
         SET plan = $2, version = $3, next_plan = $4, next_version = $5, period_start = $6,
             period_end = $7, standing = $8, spend_limit_micros = $9
         WHERE organisation_id = $1",
        organisation,
        subscription.plan.plan,
        subscription.plan.version,
        subscription.next.as_ref().map(|plan| plan.plan.as_str()),
        subscription.next.as_ref().map(|plan| plan.version),
        subscription.period.start,
        subscription.period.end,
        subscription.standing.as_str(),
        subscription.spend_limit_micros.map(|limit| limit.0),
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        "INSERT INTO subscription_history
             (organisation_id, at, plan, version, standing, spend_limit_micros)
         VALUES ($1, $2, $3, $4, $5, $6)",
        organisation,
        at,
        subscription.plan.plan,
        subscription.plan.version,
        subscription.standing.as_str(),
        subscription.spend_limit_micros.map(|limit| limit.0),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// The version of a plan that who chooses it now agrees to.
pub async fn newest(tx: &mut TenantTx, plan: &str) -> Result<Option<Plan>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT plan, version, price_micros, messages_per_day, is_public FROM plan_versions
         WHERE plan = $1 AND valid_from <= now() ORDER BY version DESC LIMIT 1",
        plan,
    )
    .fetch_optional(tx.db())
    .await?;
    Ok(row.map(|row| Plan {
        plan: row.plan,
        version: row.version,
        price_micros: Micros(row.price_micros),
        messages_per_day: row.messages_per_day,
        is_public: row.is_public,
    }))
}

pub async fn version_of(tx: &mut TenantTx, plan: &str, version: i32) -> Result<Plan, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT plan, version, price_micros, messages_per_day, is_public FROM plan_versions
         WHERE plan = $1 AND version = $2",
        plan,
        version,
    )
    .fetch_one(tx.db())
    .await?;
    Ok(Plan {
        plan: row.plan,
        version: row.version,
        price_micros: Micros(row.price_micros),
        messages_per_day: row.messages_per_day,
        is_public: row.is_public,
    })
}

/// What a period's usage is billed by. While an organisation is reduced, its terms are those of
/// the free plan.
pub async fn basis(
    tx: &mut TenantTx,
    period: Period,
    opening_units: i64,
) -> Result<Basis, ApiError> {
    let organisation = tx.organisation().uuid();
    let history = sqlx::query!(
        r#"SELECT h.at, v.plan, v.version, v.messages_per_day, v.overage_micros_per_million,
                  h.spend_limit_micros
           FROM subscription_history h
           CROSS JOIN LATERAL (
               SELECT p.* FROM plan_versions p
               WHERE CASE WHEN h.standing = 'reduced' THEN p.plan = 'free' AND p.valid_from <= h.at
                     ELSE p.plan = h.plan AND p.version = h.version END
               ORDER BY p.version DESC LIMIT 1) v
           WHERE h.organisation_id = $1 AND h.at < $3
             AND h.seq >= coalesce((
                 SELECT seq FROM subscription_history
                 WHERE organisation_id = $1 AND at <= $2 ORDER BY at DESC, seq DESC LIMIT 1), 0)
           ORDER BY h.at, h.seq"#,
        organisation,
        period.start,
        period.end,
    )
    .fetch_all(tx.db())
    .await?;
    // One entry without a limit, and there was none at that time.
    let limits: Option<Vec<i64>> = history.iter().map(|row| row.spend_limit_micros).collect();
    let spend_limit_micros = limits.and_then(|limits| limits.into_iter().max()).map(Micros);
    let mut terms: Vec<Term> = Vec::new();
    for row in history {
        let term = Term {
            from: row.at.max(period.start),
            plan: row.plan,
            version: row.version,
            messages_per_day: row.messages_per_day,
            overage_micros_per_million: row.overage_micros_per_million.map(Micros),
        };
        // A change of something else is no change of terms.
        if terms.last().is_none_or(|last| (&last.plan, last.version) != (&term.plan, term.version))
        {
            terms.push(term);
        }
    }
    let spans = sqlx::query!(
        "SELECT app_id, from_at, until_at FROM app_overage
         WHERE organisation_id = $1 AND from_at < $3 AND (until_at IS NULL OR until_at > $2)
         ORDER BY app_id, from_at",
        organisation,
        period.start,
        period.end,
    )
    .fetch_all(tx.db())
    .await?;
    let overage_apps = spans
        .into_iter()
        .map(|row| {
            Ok(OverageSpan { app: parse_id(&row.app_id)?, from: row.from_at, until: row.until_at })
        })
        .collect::<Result<_, sqlx::Error>>()?;
    Ok(Basis { period, opening_units, terms, overage_apps, spend_limit_micros })
}
