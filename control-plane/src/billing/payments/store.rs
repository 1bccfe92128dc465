//! Customers and payments in Postgres.

use super::stripe::{PaymentMethod, SetupIntent};
use crate::{
    billing::invoices::model::PaymentState,
    db::{ServiceTx, TenantTx},
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// A payment as it stands.
pub struct Payment {
    pub invoice: Uuid,
    pub number: i32,
    pub issued_at: OffsetDateTime,
    pub total_cents: i64,
    pub state: PaymentState,
    pub failures: i32,
    pub number_of_try: i32,
    pub provider: String,
    pub provider_ref: Option<String>,
    pub next_try_at: Option<OffsetDateTime>,
}

/// Holds the payment of an invoice until commit.
pub async fn lock(tx: &mut TenantTx, number: i32) -> Result<Option<Payment>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT i.id, i.issued_at, i.total_cents, p.state, p.failures, p.try AS number_of_try,
                  p.provider, p.provider_ref, p.next_try_at
           FROM invoice_payments p JOIN invoices i USING (organisation_id, number)
           WHERE p.organisation_id = $1 AND p.number = $2 FOR UPDATE OF p"#,
        tx.organisation().uuid(),
        number,
    )
    .fetch_optional(tx.db())
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Payment {
        invoice: row.id,
        number,
        issued_at: row.issued_at,
        total_cents: row.total_cents,
        state: PaymentState::from_text(&row.state)?,
        failures: row.failures,
        number_of_try: row.number_of_try,
        provider: row.provider,
        provider_ref: row.provider_ref,
        next_try_at: row.next_try_at,
    }))
}

/// Whatever has changed about a payment that is not paid yet.
pub struct Change<'a> {
    pub state: PaymentState,
    pub failures: i32,
    pub number_of_try: i32,
    pub next_try_at: Option<OffsetDateTime>,
    pub last_error: Option<&'a str>,
    pub paid_at: Option<OffsetDateTime>,
    pub reference: Option<&'a str>,
}

pub async fn save(tx: &mut TenantTx, number: i32, change: &Change<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE invoice_payments
         SET state = $3, failures = $4, try = $5, next_try_at = $6, last_error = $7, paid_at = $8,
             reference = $9
         WHERE organisation_id = $1 AND number = $2",
        tx.organisation().uuid(),
        number,
        change.state.as_str(),
        change.failures,
        change.number_of_try,
        change.next_try_at,
        change.last_error,
        change.paid_at,
        change.reference,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

pub async fn put_off(
    tx: &mut TenantTx,
    number: i32,
    until: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE invoice_payments SET next_try_at = $3
         WHERE organisation_id = $1 AND number = $2 AND state <> 'paid'",
        tx.organisation().uuid(),
        number,
        until,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Names the provider's object that pays this invoice, once and for all.
pub async fn set_ref(tx: &mut TenantTx, number: i32, reference: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE invoice_payments SET provider = 'stripe', provider_ref = $3
         WHERE organisation_id = $1 AND number = $2 AND provider_ref IS NULL AND state <> 'paid'",
        tx.organisation().uuid(),
        number,
        reference,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Payments whose next try is due.
pub async fn due(tx: &mut ServiceTx, now: OffsetDateTime) -> Result<Vec<(Uuid, i32)>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT organisation_id, number FROM invoice_payments
         WHERE state <> 'paid' AND next_try_at <= $1 ORDER BY next_try_at LIMIT 500",
        now,
    )
    .fetch_all(tx.db())
    .await?;
    Ok(rows.into_iter().map(|row| (row.organisation_id, row.number)).collect())
}

/// Numbers of invoices that could not be collected so far. One that waits for a transfer is not
/// among them until its time is over.
pub async fn overdue(tx: &mut TenantTx) -> Result<Vec<i32>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT number FROM invoice_payments
         WHERE organisation_id = $1 AND state <> 'paid'
           AND (failures >= 3 OR (failures > 0 AND last_error IS NOT NULL)) ORDER BY number",
        tx.organisation().uuid(),
    )
    .fetch_all(tx.db())
    .await
}

/// Lets what was given up be tried once more.
pub async fn try_again(tx: &mut TenantTx, now: OffsetDateTime) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE invoice_payments SET next_try_at = $2
         WHERE organisation_id = $1 AND state = 'open' AND next_try_at IS NULL",
        tx.organisation().uuid(),
        now,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

pub struct Customer {
    pub customer: String,
    pub method: Option<String>,
    pub brand: Option<String>,
    pub last4: Option<String>,
    pub expires: Option<String>,
}

pub async fn customer(tx: &mut TenantTx) -> Result<Option<Customer>, sqlx::Error> {
    sqlx::query_as!(
        Customer,
        "SELECT customer_ref AS customer, method_ref AS method, method_brand AS brand,
                method_last4 AS last4, method_expires AS expires
         FROM payment_customers WHERE organisation_id = $1 AND provider = 'stripe'",
        tx.organisation().uuid(),
    )
    .fetch_optional(tx.db())
    .await
}

pub async fn has_method(tx: &mut TenantTx) -> Result<bool, sqlx::Error> {
    Ok(customer(tx).await?.is_some_and(|customer| customer.method.is_some()))
}

pub async fn keep_customer(tx: &mut TenantTx, customer: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO payment_customers (organisation_id, provider, customer_ref)
         VALUES ($1, 'stripe', $2)
         ON CONFLICT (organisation_id) DO UPDATE SET provider = 'stripe', customer_ref = $2",
        tx.organisation().uuid(),
        customer,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// The card that was given last is the one that is charged, in whatever order we hear of them.
pub async fn keep_method(
    tx: &mut TenantTx,
    setup: &SetupIntent,
    method: &PaymentMethod,
) -> Result<bool, sqlx::Error> {
    let card = method.card.as_ref();
    let given_at = OffsetDateTime::UNIX_EPOCH + Duration::seconds(setup.created);
    let kept = sqlx::query!(
        "UPDATE payment_customers
         SET method_ref = $2, method_brand = $3, method_last4 = $4, method_expires = $5,
             method_given_at = $6
         WHERE organisation_id = $1 AND (method_given_at IS NULL OR method_given_at <= $6)",
        tx.organisation().uuid(),
        method.id,
        card.map_or(method.kind.as_str(), |card| card.brand.as_str()),
        card.map(|card| card.last4.as_str()),
        card.map(|card| format!("{:04}-{:02}", card.exp_year, card.exp_month)),
        given_at,
    )
    .execute(tx.db())
    .await?;
    Ok(kept.rows_affected() == 1)
}

pub async fn forget_method(tx: &mut TenantTx, method: &str) -> Result<bool, sqlx::Error> {
    let forgotten = sqlx::query!(
        "UPDATE payment_customers
         SET method_ref = NULL, method_brand = NULL, method_last4 = NULL, method_expires = NULL
         WHERE organisation_id = $1 AND method_ref = $2",
        tx.organisation().uuid(),
        method,
    )
    .execute(tx.db())
    .await?;
    Ok(forgotten.rows_affected() == 1)
}

pub async fn organisation_of_customer(
    tx: &mut ServiceTx,
    customer: &str,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT organisation_id FROM payment_customers
         WHERE provider = 'stripe' AND customer_ref = $1",
        customer,
    )
    .fetch_optional(tx.db())
    .await
}

pub async fn organisation_of_method(
    tx: &mut ServiceTx,
    method: &str,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT organisation_id FROM payment_customers
         WHERE provider = 'stripe' AND method_ref = $1",
        method,
    )
    .fetch_optional(tx.db())
    .await
}

pub async fn invoice_of_ref(
    tx: &mut ServiceTx,
    reference: &str,
) -> Result<Option<(Uuid, i32)>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT organisation_id, number FROM invoice_payments
         WHERE provider = 'stripe' AND provider_ref = $1",
        reference,
    )
    .fetch_optional(tx.db())
    .await?;
    Ok(row.map(|row| (row.organisation_id, row.number)))
}

pub async fn knows_event(tx: &mut ServiceTx, event: &str) -> Result<bool, sqlx::Error> {
    let known = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM payment_events
                          WHERE provider = 'stripe' AND event_id = $1) AS "known!""#,
        event,
    );
    known.fetch_one(tx.db()).await
}

pub async fn keep_event(tx: &mut ServiceTx, event: &str, kind: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO payment_events (provider, event_id, kind) VALUES ('stripe', $1, $2)
         ON CONFLICT DO NOTHING",
        event,
        kind,
    )
    .execute(tx.db())
    .await?;
    // The provider sends an event again for three days.
    sqlx::query!("DELETE FROM payment_events WHERE received_at < now() - interval '90 days'")
        .execute(tx.db())
        .await?;
    Ok(())
}
