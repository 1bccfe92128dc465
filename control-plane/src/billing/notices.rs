//! Mails about money, to the owners, to those in charge of billing, and to the invoice's address.

use super::{invoices::model::Invoice, money::dollars, payments::store::Payment};
use crate::{
    api::ApiError,
    db::TenantTx,
    mail::{self, Letter},
    people::model::EmailAddress,
};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// Whom money is written about, each address once.
pub async fn recipients(tx: &mut TenantTx) -> Result<Vec<EmailAddress>, sqlx::Error> {
    let rows = sqlx::query_scalar!(
        r#"SELECT email AS "email!" FROM billing_contacts WHERE organisation_id = $1
           UNION ALL
           SELECT email FROM billing_profiles WHERE organisation_id = $1 AND email IS NOT NULL"#,
        tx.organisation().uuid(),
    )
    .fetch_all(tx.db())
    .await?;
    // An address that was taken once and would not be today gets no mail.
    let addresses = rows.into_iter().filter_map(|raw| EmailAddress::try_from(raw).ok());
    let once: BTreeMap<_, _> = addresses.map(|a| (a.as_str().to_lowercase(), a)).collect();
    Ok(once.into_values().collect())
}

/// Writes to all of them once the transaction commits.
pub async fn write(tx: &mut TenantTx, letter: impl Fn() -> Letter) -> Result<(), ApiError> {
    for to in recipients(tx).await? {
        mail::send_later(tx.db(), &letter().to(to)).await?;
    }
    Ok(())
}

pub async fn issued(tx: &mut TenantTx, console: &str, invoice: &Invoice) -> Result<(), ApiError> {
    let (number, total) = (invoice.number, dollars(invoice.total_cents));
    let link = format!("{console}/organisations/{}/billing", invoice.organisation_id);
    let due = invoice.due_at.date();
    write(tx, || {
        Letter::new(format!("Invoice {number}: {total}"))
            .paragraph(format!("Invoice {number} for {} was issued.", invoice.buyer.name))
            .facts([("Total", total.clone()), ("Due", due.to_string())])
            .paragraph(
                "It lists what was used by app and day, and can be recomputed from the ledger.",
            )
            .link("Open billing", link.clone())
    })
    .await
}

pub async fn paid(tx: &mut TenantTx, payment: &Payment, restored: bool) -> Result<(), ApiError> {
    let (number, total) = (payment.number, dollars(payment.total_cents));
    write(tx, || {
        let letter = Letter::new(format!("Invoice {number} is paid"))
            .paragraph(format!("We received {total} for invoice {number}. Thank you."));
        match restored {
            true => letter.paragraph("Your plan's limits are in force again."),
            false => letter,
        }
    })
    .await
}

/// `why` is absent where nothing was tried: the invoice waits to be paid.
pub async fn not_paid(
    tx: &mut TenantTx,
    payment: &Payment,
    why: Option<&str>,
    failures: i32,
    next_try_at: Option<OffsetDateTime>,
) -> Result<(), ApiError> {
    // The first time nobody was asked, and the invoice itself has just been sent.
    if why.is_none() && failures == 1 {
        return Ok(());
    }
    let (number, total) = (payment.number, dollars(payment.total_cents));
    write(tx, || {
        let letter = match why {
            Some(why) => Letter::new(format!("Invoice {number} could not be collected"))
                .paragraph(format!("{total} for invoice {number} could not be collected: {why}.")),
            None => Letter::new(format!("Invoice {number} is not paid yet"))
                .paragraph(format!("{total} for invoice {number} has not arrived yet.")),
        };
        match (next_try_at, why) {
            (Some(at), Some(_)) => letter
                .paragraph(format!("We try again on {}. Nothing changes until then.", at.date())),
            (Some(at), None) => letter.paragraph(format!(
                "If it is not paid by {}, the limits of the free plan hold until it is.",
                at.date()
            )),
            (None, _) => letter.paragraph(
                "From now on the limits of the free plan hold. Nothing was deleted, and paying \
                 brings your plan back at once.",
            ),
        }
    })
    .await
}
