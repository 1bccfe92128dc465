//! What operators and customers do about invoices at a terminal.

use super::{
    calendar::Day,
    invoices::store as invoices,
    money::{Micros, dollars},
    payments::{
        paid::{Asked, Found, record},
        store,
    },
    periods, subscription, verify,
};
use crate::{
    api::ApiError,
    db::{Organisation, TenantTx},
    state::State,
};
use clap::Subcommand;
use std::path::PathBuf;
use time::OffsetDateTime;
use uuid::Uuid;

#[derive(Subcommand)]
pub enum BillCommand {
    /// Recompute an invoice from the ledger's export. Needs neither database nor configuration.
    Verify {
        /// The invoice, as GET /v1/organisations/{org}/invoices/{number} answered it.
        invoice: PathBuf,
        /// The ledger of the invoice's periods, as GET /v1/organisations/{org}/usage/ledger
        /// answered it. Not needed for an invoice that bills no usage.
        ledger: Option<PathBuf>,
    },
    /// Mark an invoice as paid, for those who pay by transfer.
    Paid {
        organisation: Uuid,
        number: i32,
        /// What the money came with.
        #[arg(long, default_value = "by transfer")]
        reference: String,
    },
    /// Give an organisation a credit; the next invoices use it up.
    Credit {
        organisation: Uuid,
        /// Whole cents.
        cents: i64,
        /// What it is for; it stands on the invoice.
        reason: String,
    },
    /// Put an organisation on a plan that has been agreed with it, also one that is not public.
    Plan { organisation: Uuid, plan: String },
    /// List what is not paid.
    Open,
}

impl BillCommand {
    /// What needs no service is done; the rest comes back.
    pub fn run_offline(self) -> Result<Result<String, String>, Self> {
        match self {
            Self::Verify { invoice, ledger } => Ok(verify::run(&invoice, ledger.as_deref())),
            command => Err(command),
        }
    }

    pub async fn run(&self, state: &State, now: OffsetDateTime) -> Result<(), ApiError> {
        let of = async |organisation: &Uuid| {
            state.db.tenant("operator", Organisation::known(*organisation)).await
        };
        match self {
            Self::Verify { .. } => Ok(()),
            Self::Paid { organisation, number, reference } => {
                let mut tx = of(organisation).await?;
                mark_paid(&mut tx, *number, reference, now).await?;
                tx.commit().await?;
                println!("invoice {number} is paid");
                Ok(())
            }
            Self::Credit { organisation, cents, reason } => {
                let mut tx = of(organisation).await?;
                credit(&mut tx, *cents, reason, now).await?;
                tx.commit().await?;
                println!("{} credited", dollars(*cents));
                Ok(())
            }
            Self::Plan { organisation, plan } => {
                let mut tx = of(organisation).await?;
                assign(&mut tx, plan, now).await?;
                tx.commit().await?;
                println!("the plan is {plan}");
                Ok(())
            }
            Self::Open => open(state).await,
        }
    }
}

pub async fn mark_paid(
    tx: &mut TenantTx,
    number: i32,
    reference: &str,
    now: OffsetDateTime,
) -> Result<(), ApiError> {
    let payment = store::lock(tx, number).await?.ok_or(ApiError::NotFound)?;
    let found = Found::Paid { reference: Some(reference.to_owned()) };
    record(tx, &payment, &found, Asked::ByCustomer, now).await
}

async fn credit(
    tx: &mut TenantTx,
    cents: i64,
    reason: &str,
    now: OffsetDateTime,
) -> Result<(), ApiError> {
    let micros = cents.checked_mul(10_000).filter(|micros| *micros > 0);
    let micros = micros.ok_or_else(|| ApiError::field("cents", "must be more than zero"))?;
    // An organisation that does not exist gets none.
    subscription::lock(tx).await?;
    invoices::give_credit(tx, Micros(micros), reason, now).await?;
    Ok(tx.audit("billing.credited", reason).await?)
}

/// What was agreed takes effect at once and is not charged for the period that runs.
async fn assign(tx: &mut TenantTx, plan: &str, now: OffsetDateTime) -> Result<(), ApiError> {
    let mut subscription = periods::current(tx, now).await?;
    let plan = subscription::newest(tx, plan).await?.ok_or(ApiError::NotFound)?;
    (subscription.plan, subscription.next) = (plan, None);
    subscription::save(tx, &subscription, now).await?;
    subscription::republish(tx).await?;
    Ok(tx.audit("subscription.assigned", &subscription.plan.plan).await?)
}

async fn open(state: &State) -> Result<(), ApiError> {
    let mut tx = state.db.service().await?;
    let rows = sqlx::query!(
        "SELECT i.organisation_id, i.number, i.total_cents, i.due_at, p.state, p.failures
         FROM invoice_payments p JOIN invoices i USING (organisation_id, number)
         WHERE p.state <> 'paid' ORDER BY i.due_at, i.organisation_id, i.number LIMIT 1000",
    )
    .fetch_all(tx.db())
    .await?;
    tx.commit().await?;
    for row in rows {
        let (total, due) = (dollars(row.total_cents), Day::of(row.due_at));
        println!(
            "{} invoice {} {total} due {due} {} after {} tries",
            row.organisation_id, row.number, row.state, row.failures
        );
    }
    Ok(())
}
