//! `bill verify`: an invoice recomputed from the ledger's export, without the service.

use super::{
    calendar::Period,
    compute::{self, Outcome},
    invoices::model::{FORMAT, Invoice},
    ledger::Usage,
    line::Line,
    money::{TooMuch, dollars},
};
use crate::usage::ledger::{self, BadLedger};
use contract::BadId;
use std::{collections::BTreeMap, path::Path};

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("the invoice: {0}")]
    Invoice(serde_json::Error),
    #[error("the invoice has the shape {0:?}; this program knows {FORMAT}")]
    Format(String),
    #[error("the ledger: {0}")]
    Ledger(#[from] BadLedger),
    #[error("the ledger names an app that cannot be one: {0}")]
    App(#[from] BadId),
    #[error("the ledger is of another organisation")]
    OtherOrganisation,
    #[error("the invoice bills usage: the ledger from {} to {} is needed", .0.start, .0.end)]
    NotCovered(Period),
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
}

/// What is to be said about the files: as computed, or what differs.
pub fn run(invoice: &Path, ledger: Option<&Path>) -> Result<String, String> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let ledger = ledger.map(read).transpose()?;
    let (differences, invoice) =
        verify(&read(invoice)?, ledger.as_deref()).map_err(|error| error.to_string())?;
    match differences.is_empty() {
        false => Err(differences.join("\n")),
        true => {
            let (number, lines) = (invoice.number, invoice.lines.len());
            let total = dollars(invoice.total_cents);
            Ok(format!("invoice {number}: {lines} lines, {total}: as computed"))
        }
    }
}

/// What the invoice says otherwise than its recipe and the ledger do.
pub fn verify(invoice: &str, ledger: Option<&str>) -> Result<(Vec<String>, Invoice), VerifyError> {
    let invoice: Invoice = serde_json::from_str(invoice).map_err(VerifyError::Invoice)?;
    if invoice.format != FORMAT {
        return Err(VerifyError::Format(invoice.format));
    }
    let usage = match (invoice.recipe.usage_from(), ledger) {
        (None, _) => Usage::default(),
        (Some(period), None) => return Err(VerifyError::NotCovered(period)),
        (Some(period), Some(text)) => read(&invoice, period, text)?,
    };
    let computed = compute::invoice(&invoice.recipe, &usage)?;
    let mut differences = lines_that_differ(&invoice.lines, &computed.lines);
    differences.extend(sums_that_differ(&invoice, &computed));
    Ok((differences, invoice))
}

fn read(invoice: &Invoice, period: Period, text: &str) -> Result<Usage, VerifyError> {
    let (start, hours) = ledger::read(text)?;
    if start.organisation_id != invoice.organisation_id {
        return Err(VerifyError::OtherOrganisation);
    }
    if start.from > period.start || start.to < period.end {
        return Err(VerifyError::NotCovered(period));
    }
    let mut usage = Usage::default();
    for hour in &hours {
        usage.add(hour)?;
    }
    Ok(usage)
}

fn lines_that_differ(on_invoice: &[Line], computed: &[Line]) -> Vec<String> {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    let text = |line: &Line| format!("{line}: {}", line.amount());
    computed.iter().for_each(|line| *counts.entry(text(line)).or_default() += 1);
    on_invoice.iter().for_each(|line| *counts.entry(text(line)).or_default() -= 1);
    let said = |count: i64| match count > 0 {
        true => "computed, not on the invoice",
        false => "on the invoice, not computed",
    };
    counts
        .into_iter()
        .filter(|(_, count)| *count != 0)
        .map(|(line, count)| format!("{}: {line}", said(count)))
        .collect()
}

fn sums_that_differ(invoice: &Invoice, computed: &Outcome) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |what: &str, on_invoice: String, computed: String| {
        if on_invoice != computed {
            differences.push(format!("{what}: the invoice says {on_invoice}, computed {computed}"));
        }
    };
    let total = |cents, micros: super::money::Micros| format!("{} ({micros})", dollars(cents));
    compare(
        "total",
        total(invoice.total_cents, invoice.total_micros),
        total(computed.total_cents, computed.total_micros),
    );
    let peak = |peak: Option<u64>| peak.map_or("none".to_owned(), |peak| peak.to_string());
    compare(
        "peak connections",
        peak(invoice.peak_connections_p99),
        peak(computed.peak_connections_p99),
    );
    differences
}
