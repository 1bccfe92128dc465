//! Invoices and what became of them, in Postgres.

use super::model::{Invoice, InvoiceSummary, PaymentState};
use crate::{
    api::{ApiError, PageRequest, Position},
    billing::{compute::CreditLeft, money::Micros},
    db::TenantTx,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// The number that the next invoice gets. The subscription's lock is held by whoever issues one.
pub async fn next_number(tx: &mut TenantTx) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT coalesce(max(number), 0) + 1 AS "next!" FROM invoices WHERE organisation_id = $1"#,
        tx.organisation().uuid(),
    )
    .fetch_one(tx.db())
    .await
}

pub async fn insert(
    tx: &mut TenantTx,
    invoice: &Invoice,
    provider: &'static str,
) -> Result<(), ApiError> {
    let document = serde_json::to_string(invoice).map_err(ApiError::internal)?;
    let organisation = tx.organisation().uuid();
    sqlx::query!(
        "INSERT INTO invoices
             (organisation_id, number, id, issued_at, due_at, total_cents, document)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        organisation,
        invoice.number,
        invoice.id,
        invoice.issued_at,
        invoice.due_at,
        invoice.total_cents,
        document,
    )
    .execute(tx.db())
    .await?;
    let (state, paid_at, next_try_at) = match invoice.total_cents {
        0 => (PaymentState::Paid, Some(invoice.issued_at), None),
        _ => (PaymentState::Open, None, Some(invoice.issued_at)),
    };
    sqlx::query!(
        "INSERT INTO invoice_payments
             (organisation_id, number, state, provider, next_try_at, paid_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        organisation,
        invoice.number,
        state.as_str(),
        provider,
        next_try_at,
        paid_at,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// The document as it was issued.
pub async fn document(tx: &mut TenantTx, number: i32) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT document FROM invoices WHERE organisation_id = $1 AND number = $2",
        tx.organisation().uuid(),
        number,
    )
    .fetch_optional(tx.db())
    .await
}

struct Row {
    id: Uuid,
    number: i32,
    issued_at: OffsetDateTime,
    due_at: OffsetDateTime,
    total_cents: i64,
    state: String,
    failures: i32,
    next_try_at: Option<OffsetDateTime>,
    paid_at: Option<OffsetDateTime>,
    last_error: Option<String>,
}

impl TryFrom<Row> for InvoiceSummary {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            number: row.number,
            issued_at: row.issued_at,
            due_at: row.due_at,
            total_cents: row.total_cents,
            currency: "USD",
            state: PaymentState::from_text(&row.state)?,
            failures: row.failures,
            next_try_at: row.next_try_at,
            paid_at: row.paid_at,
            last_error: row.last_error,
        })
    }
}

pub async fn page(
    tx: &mut TenantTx,
    page: &PageRequest,
) -> Result<Vec<InvoiceSummary>, sqlx::Error> {
    let before = page.after.as_ref().and_then(|position| position.id.parse::<i32>().ok());
    let rows = sqlx::query_as!(
        Row,
        "SELECT i.id, i.number, i.issued_at, i.due_at, i.total_cents, p.state, p.failures,
                p.next_try_at, p.paid_at, p.last_error
         FROM invoices i JOIN invoice_payments p USING (organisation_id, number)
         WHERE i.organisation_id = $1 AND ($2::integer IS NULL OR i.number < $2)
         ORDER BY i.number DESC LIMIT $3",
        tx.organisation().uuid(),
        before,
        page.fetch(),
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter().map(InvoiceSummary::try_from).collect()
}

pub fn position(invoice: &InvoiceSummary) -> Position {
    Position { created_at: invoice.issued_at, id: invoice.number.to_string() }
}

pub async fn summary(
    tx: &mut TenantTx,
    number: i32,
) -> Result<Option<InvoiceSummary>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT i.id, i.number, i.issued_at, i.due_at, i.total_cents, p.state, p.failures,
                p.next_try_at, p.paid_at, p.last_error
         FROM invoices i JOIN invoice_payments p USING (organisation_id, number)
         WHERE i.organisation_id = $1 AND i.number = $2",
        tx.organisation().uuid(),
        number,
    )
    .fetch_optional(tx.db())
    .await?;
    row.map(InvoiceSummary::try_from).transpose()
}

pub async fn credits_left(tx: &mut TenantTx) -> Result<Vec<CreditLeft>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT id, reason, left_micros FROM credits
         WHERE organisation_id = $1 AND left_micros > 0 ORDER BY at, id",
        tx.organisation().uuid(),
    )
    .fetch_all(tx.db())
    .await?;
    let credit = |id, reason, left| CreditLeft { id, reason, left_micros: Micros(left) };
    Ok(rows.into_iter().map(|row| credit(row.id, row.reason, row.left_micros)).collect())
}

pub async fn use_credit(tx: &mut TenantTx, id: Uuid, used: Micros) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE credits SET left_micros = left_micros - $3
         WHERE organisation_id = $1 AND id = $2",
        tx.organisation().uuid(),
        id,
        used.0,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

pub async fn give_credit(
    tx: &mut TenantTx,
    amount: Micros,
    reason: &str,
    at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO credits (id, organisation_id, at, reason, micros, left_micros)
         VALUES ($1, $2, $3, $4, $5, $5)",
        Uuid::new_v4(),
        tx.organisation().uuid(),
        at,
        reason,
        amount.0,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}
