//! An invoice as it is printed: what, how much of it, at which price, and from the lines to the total.

use super::model::{Invoice, Party};
use crate::billing::{
    calendar::{Day, Period},
    line::{Line, UnitsLine},
    money::{Micros, dollars},
    pool::Counted,
};
use time::Duration;

/// A line in columns.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    pub what: String,
    /// More about it, in small.
    pub detail: String,
    pub quantity: String,
    pub unit: String,
    pub amount: Micros,
}

/// What is charged. A line that comes to nothing says nothing.
pub fn rows(invoice: &Invoice) -> Vec<Row> {
    charged(invoice).filter(|line| line.amount() != Micros::ZERO).map(row).collect()
}

/// From the subtotal to what is to be paid: a name and an amount each, the last is the total.
pub fn sums(invoice: &Invoice) -> Vec<(String, String)> {
    let subtotal: Micros = charged(invoice).map(Line::amount).sum();
    let mut sums = vec![("Subtotal".to_owned(), subtotal.to_string())];
    for line in &invoice.lines {
        let name = match line {
            Line::Credit { reason, .. } => format!("Credit: {reason}"),
            Line::CarriedForward { .. } => "Kept as a credit for the next invoice".to_owned(),
            _ => continue,
        };
        if line.amount() != Micros::ZERO {
            sums.push((name, line.amount().to_string()));
        }
    }
    let cents = Micros(invoice.total_cents.saturating_mul(10_000));
    match cents.minus(invoice.total_micros) {
        Ok(Micros::ZERO) | Err(_) => {}
        Ok(rounding) => sums.push(("Rounded to a whole cent".to_owned(), rounding.to_string())),
    }
    sums.push((format!("Total, {}", invoice.currency), dollars(invoice.total_cents)));
    sums
}

/// Names and values that stand above the lines.
pub fn facts(invoice: &Invoice) -> Vec<(&'static str, String)> {
    let recipe = &invoice.recipe;
    let planned = recipe.fee.as_ref().map(|fee| fee.period);
    let planned = planned.or(recipe.upgrade.as_ref().map(|upgrade| upgrade.period));
    let mut facts = vec![
        ("Invoice number", invoice.number.to_string()),
        ("Issued", Day::of(invoice.issued_at).to_string()),
        ("Due", Day::of(invoice.due_at).to_string()),
    ];
    facts.extend(planned.map(|period| ("Period", span(period))));
    facts.extend(recipe.usage.as_ref().map(|usage| ("Usage of", span(usage.period))));
    facts.push(("Reference", invoice.id.to_string()));
    facts
}

/// A party, line by line.
pub fn lines_of(party: &Party) -> Vec<String> {
    let mut lines = vec![party.name.clone()];
    lines.extend(party.address.lines().map(str::to_owned));
    lines.push(party.country.clone());
    lines.extend(party.vat_id.iter().map(|id| format!("VAT {id}")));
    lines.extend(party.email.clone());
    lines.retain(|line| !line.trim().is_empty());
    lines
}

pub fn peak(invoice: &Invoice) -> Option<String> {
    let peak = invoice.peak_connections_p99?;
    Some(format!(
        "Peak connections (99th percentile of one-minute samples): {peak}. For information; not billed."
    ))
}

pub const HOW_IT_ADDS_UP: &str = "Lines are in millionths of a dollar; the total is rounded to a whole cent once, half \
     a cent up. Everything can be recomputed from the invoice as JSON and the ledger's export:";
pub const COMMAND: &str = "signalbox-control-plane bill verify";

fn charged(invoice: &Invoice) -> impl Iterator<Item = &Line> {
    let is_credit =
        |line: &&Line| matches!(line, Line::Credit { .. } | Line::CarriedForward { .. });
    invoice.lines.iter().filter(move |line| !is_credit(line))
}

fn row(line: &Line) -> Row {
    let amount = line.amount();
    let (what, detail, quantity, unit) = match line {
        Line::PlanFee { plan, period, .. } => {
            (format!("{} plan", name(plan)), span(*period), "1".to_owned(), amount.to_string())
        }
        Line::ProrationCredit { plan, seconds, of_seconds, .. } => (
            format!("{} plan, not used", name(plan)),
            "Given back".to_owned(),
            format!("{} days", days(*seconds)),
            whole_price(amount, *seconds, *of_seconds),
        ),
        Line::ProrationCharge { plan, seconds, of_seconds, .. } => (
            format!("{} plan", name(plan)),
            "For the rest of the period".to_owned(),
            format!("{} days", days(*seconds)),
            whole_price(amount, *seconds, *of_seconds),
        ),
        Line::Overage(line) => units("", line),
        Line::Correction(line) => units("Correction: ", line),
        Line::SpendLimit { limit_micros, .. } => (
            "Beyond the spending limit".to_owned(),
            format!("{limit_micros} for the period; the rest is not charged"),
            String::new(),
            String::new(),
        ),
        Line::Credit { .. } | Line::CarriedForward { .. } => Default::default(),
    };
    Row { what, detail, quantity, unit, amount }
}

fn units(kind: &str, line: &UnitsLine) -> (String, String, String, String) {
    let metric = match line.metric {
        Counted::PublishedUnits => "Units published",
        Counted::DeliveredUnits => "Units delivered",
    };
    (
        format!("{kind}{metric} beyond the quota"),
        format!("App {}, {}", line.app, line.day),
        grouped(line.units),
        format!("{} per million", line.micros_per_million),
    )
}

/// A plan's name as people write it.
fn name(plan: &str) -> String {
    let mut letters = plan.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The end of a period is the moment after its last day.
fn span(period: Period) -> String {
    format!("{} to {}", Day::of(period.start), Day::of(period.end - Duration::SECOND))
}

/// To one digit, where there is one.
fn days(seconds: u64) -> String {
    let tenths = (seconds * 10 + 43_200) / 86_400;
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        digit => format!("{}.{digit}", tenths / 10),
    }
}

/// What a whole period costs, to the cent: the line holds only the part of it.
fn whole_price(part: Micros, seconds: u64, of_seconds: u64) -> String {
    let whole = match seconds {
        0 => Micros::ZERO,
        _ => Micros(part.0.saturating_abs()).prorated(of_seconds, seconds).unwrap_or_default(),
    };
    let cents = whole.to_cents();
    format!("{} per {} days", dollars(cents), days(of_seconds))
}

/// 1234567 as 1,234,567.
fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut text = if n < 0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn columns(line: &Line) -> [String; 4] {
        let Row { what, detail, quantity, unit, .. } = row(line);
        [what, detail, quantity, unit]
    }

    #[test]
    fn a_line_has_a_quantity_and_a_price() {
        let period =
            Period { start: datetime!(2026-11-05 00:00 UTC), end: datetime!(2026-12-05 00:00 UTC) };
        let (plan, version) = ("growth".to_owned(), 1);
        let (seconds, of_seconds) = (1_641_601, 2_592_000);
        let usage = UnitsLine {
            app: "1002".parse().unwrap(),
            metric: Counted::DeliveredUnits,
            day: Day::of(period.start),
            units: 2_500_000,
            plan: plan.clone(),
            version,
            micros_per_million: Micros(2_000_000),
            amount_micros: Micros(5_000_000),
        };
        for (line, expected) in [
            (
                Line::PlanFee {
                    plan: plan.clone(),
                    version,
                    period,
                    amount_micros: Micros(79_000_000),
                },
                ["Growth plan", "2026-11-05 to 2026-12-04", "1", "$79.00"],
            ),
            (
                Line::ProrationCredit {
                    plan: plan.clone(),
                    version,
                    seconds,
                    of_seconds,
                    amount_micros: Micros(-50_033_363),
                },
                ["Growth plan, not used", "Given back", "19 days", "$79.00 per 30 days"],
            ),
            (
                Line::ProrationCharge {
                    plan,
                    version,
                    seconds: 0,
                    of_seconds,
                    amount_micros: Micros(1),
                },
                ["Growth plan", "For the rest of the period", "0 days", "$0.00 per 30 days"],
            ),
            (
                Line::Overage(usage.clone()),
                [
                    "Units delivered beyond the quota",
                    "App 1002, 2026-11-05",
                    "2,500,000",
                    "$2.00 per million",
                ],
            ),
            (
                Line::Correction(UnitsLine { units: -12, ..usage }),
                [
                    "Correction: Units delivered beyond the quota",
                    "App 1002, 2026-11-05",
                    "-12",
                    "$2.00 per million",
                ],
            ),
        ] {
            assert_eq!(columns(&line), expected.map(str::to_owned), "{line}");
        }
    }

    #[test]
    fn days_have_a_digit_where_they_need_one() {
        for (seconds, text) in [(0, "0"), (86_400, "1"), (129_600, "1.5"), (2_591_999, "30")] {
            assert_eq!(days(seconds), text);
        }
    }
}
