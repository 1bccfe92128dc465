//! A change of plan: to more at once, for the rest of the period; to less with the next period.

use super::{
    compute::{PricedPlan, Recipe, Upgrade},
    invoices::{
        issue::{computed, issue},
        model::Invoice,
    },
    ledger::Usage,
    line::Line,
    payments::{self, Provider},
    periods,
    subscription::{self, Plan, Standing, Subscription},
};
use crate::{
    api::{ApiError, Body, Problem},
    audit::Fact,
    billing::{calendar::Period, money::Micros},
    db::TenantTx,
    organisations::{OrganisationAccess, Permission},
    state::State,
};
use actix_web::{HttpResponse, post, put, web::Data};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePlan {
    /// One of `GET /v1/plans`. The plan that is in force takes back what was chosen for the next
    /// period.
    pub plan: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Takes {
    /// At once; the rest of the period is charged.
    AtOnce,
    /// When the next period begins.
    WithNextPeriod,
    /// Nothing changes, or a change that was chosen is taken back.
    Nothing,
}

/// What a change of plan does, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanChange {
    pub takes: Takes,
    pub plan: String,
    pub version: i32,
    #[schema(required)]
    pub next_plan: Option<String>,
    pub period: Period,
    pub standing: Standing,
    /// What is to be paid now, and the lines that make it.
    pub due_now_cents: i64,
    pub lines: Vec<Line>,
    /// What the plan costs per period from then on.
    pub price_micros: Micros,
    /// The invoice that was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice_number: Option<i32>,
}

enum Step {
    Up(Plan),
    Down(Plan),
    Stay,
}

async fn step(
    tx: &mut TenantTx,
    subscription: &Subscription,
    wanted: &str,
) -> Result<Step, ApiError> {
    let plan = subscription::newest(tx, wanted).await?;
    if wanted == subscription.plan.plan && plan.as_ref().is_none_or(|p| p.is(&subscription.plan)) {
        return Ok(Step::Stay);
    }
    let plan = plan.filter(|plan| plan.is_public || plan.plan == subscription.plan.plan);
    let plan = plan.ok_or_else(|| ApiError::field("plan", "is not a plan that can be chosen"))?;
    match plan.is_below(&subscription.plan) {
        true => Ok(Step::Down(plan)),
        false => Ok(Step::Up(plan)),
    }
}

fn upgrade(subscription: &Subscription, to: &Plan, now: OffsetDateTime) -> Recipe {
    let priced = |plan: &Plan| PricedPlan {
        plan: plan.plan.clone(),
        version: plan.version,
        price_micros: plan.price_micros,
    };
    let upgrade = Upgrade {
        from: priced(&subscription.plan),
        to: priced(to),
        period: subscription.period,
        seconds: subscription.period.seconds_left(now),
    };
    Recipe { upgrade: Some(upgrade), ..Recipe::default() }
}

fn outcome(subscription: &Subscription, takes: Takes, price_micros: Micros) -> PlanChange {
    PlanChange {
        takes,
        plan: subscription.plan.plan.clone(),
        version: subscription.plan.version,
        next_plan: subscription.next.as_ref().map(|plan| plan.plan.clone()),
        period: subscription.period,
        standing: subscription.standing,
        due_now_cents: 0,
        lines: Vec::new(),
        price_micros,
        invoice_number: None,
    }
}

/// What a change of plan would do, and what would be due now.
#[utoipa::path(
    tag = "billing",
    params(("org" = String, Path, description = "Organisation id")),
    request_body = ChangePlan,
    responses(
        (status = 200, body = PlanChange),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[post("/v1/organisations/{org}/subscription/preview")]
pub async fn preview_subscription(
    state: Data<State>,
    access: OrganisationAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::BillingRead)?;
    let wanted = body.json::<ChangePlan>().await?.value.plan;
    let now = OffsetDateTime::now_utc();
    let mut tx = access.begin(&state).await?;
    let mut subscription = periods::current(&mut tx, now).await?;
    let change = match step(&mut tx, &subscription, &wanted).await? {
        Step::Stay => outcome(&subscription, Takes::Nothing, subscription.plan.price_micros),
        Step::Down(plan) => {
            let price = plan.price_micros;
            subscription.next = Some(plan);
            outcome(&subscription, Takes::WithNextPeriod, price)
        }
        Step::Up(plan) => {
            let recipe = upgrade(&subscription, &plan, now);
            let (_, due) = computed(&mut tx, recipe, &Usage::default()).await?;
            (subscription.plan, subscription.next) = (plan, None);
            PlanChange {
                due_now_cents: due.total_cents,
                lines: due.lines,
                ..outcome(&subscription, Takes::AtOnce, subscription.plan.price_micros)
            }
        }
    };
    // Nothing is committed: it was a look ahead.
    Ok(HttpResponse::Ok().json(change))
}

/// Change the plan. To more: at once, for what the rest of the period costs. To less: when the
/// next period begins; choosing the present plan again takes that back.
#[utoipa::path(
    tag = "billing",
    params(("org" = String, Path, description = "Organisation id")),
    request_body = ChangePlan,
    responses(
        (status = 200, body = PlanChange),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "There is no way to collect the money, or some is owed"),
        (status = 422, body = Problem),
    )
)]
#[put("/v1/organisations/{org}/subscription")]
pub async fn put_subscription(
    state: Data<State>,
    access: OrganisationAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::BillingWrite)?;
    access.caller.require_verified()?;
    let wanted = body.json::<ChangePlan>().await?.value.plan;
    let mut tx = access.begin(&state).await?;
    let (change, invoice) = change(&state, &mut tx, &wanted, OffsetDateTime::now_utc()).await?;
    tx.commit().await?;
    if let Some(invoice) = invoice {
        // The change stands either way; what fails now is tried again by the job.
        payments::collect::now(&state, &invoice).await;
    }
    Ok(HttpResponse::Ok().json(change))
}

/// Changes the plan within the transaction.
pub async fn change(
    state: &State,
    tx: &mut TenantTx,
    wanted: &str,
    now: OffsetDateTime,
) -> Result<(PlanChange, Option<Invoice>), ApiError> {
    let mut subscription = periods::current(tx, now).await?;
    let before = subscription.clone();
    match step(tx, &subscription, wanted).await? {
        Step::Stay => {
            if subscription.next.take().is_some() {
                subscription::save(tx, &subscription, now).await?;
                let after = Some(&subscription as &dyn Fact);
                let action = "subscription.change_taken_back";
                tx.audit_change(action, wanted, Some(&before), after).await?;
            }
            let price = subscription.plan.price_micros;
            Ok((outcome(&subscription, Takes::Nothing, price), None))
        }
        Step::Down(plan) => {
            let price = plan.price_micros;
            subscription.next = Some(plan);
            subscription::save(tx, &subscription, now).await?;
            let after = Some(&subscription as &dyn Fact);
            tx.audit_change("subscription.change_chosen", wanted, Some(&before), after).await?;
            Ok((outcome(&subscription, Takes::WithNextPeriod, price), None))
        }
        Step::Up(plan) => up(state, tx, subscription, plan, now).await,
    }
}

async fn up(
    state: &State,
    tx: &mut TenantTx,
    mut subscription: Subscription,
    plan: Plan,
    now: OffsetDateTime,
) -> Result<(PlanChange, Option<Invoice>), ApiError> {
    if subscription.standing != Standing::Good {
        return Err(ApiError::Conflict {
            code: "payment_due",
            detail: "an invoice is not paid: pay it before choosing a larger plan",
        });
    }
    let recipe = upgrade(&subscription, &plan, now);
    let (recipe, due) = computed(tx, recipe, &Usage::default()).await?;
    let can_pay = match &state.billing.provider {
        Provider::Manual => true,
        Provider::Stripe(_) => payments::store::has_method(tx).await?,
    };
    if due.total_cents > 0 && !can_pay {
        return Err(ApiError::Conflict {
            code: "payment_method_required",
            detail: "add a payment method before choosing a plan that costs something",
        });
    }
    let before = subscription.clone();
    (subscription.plan, subscription.next) = (plan, None);
    subscription::save(tx, &subscription, now).await?;
    let price = subscription.plan.price_micros;
    let change = PlanChange {
        due_now_cents: due.total_cents,
        lines: due.lines.clone(),
        ..outcome(&subscription, Takes::AtOnce, price)
    };
    let invoice = issue(tx, &state.billing, recipe, due, now).await?;
    subscription::republish(tx).await?;
    let subject = &subscription.plan.plan;
    tx.audit_change("subscription.changed", subject, Some(&before), Some(&subscription)).await?;
    let invoice_number = invoice.as_ref().map(|invoice| invoice.number);
    Ok((PlanChange { invoice_number, ..change }, invoice))
}
