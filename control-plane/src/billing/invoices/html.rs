//! An invoice as a page to read and print. One file, no scripts, nothing loaded.

use super::model::{Invoice, Party};
use crate::billing::{calendar::Day, money::dollars};
use std::fmt::Write;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;color:#1b1f24;max-width:56em;\
    margin:3em auto;padding:0 1.5em}h1{font-size:1.6em}table{border-collapse:collapse;width:100%}\
    td,th{padding:.35em .5em;border-bottom:1px solid #d8dee4;text-align:left;vertical-align:top}\
    .n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}\
    .parties{display:flex;gap:4em;margin:2em 0}.parties p{margin:0;white-space:pre-line}\
    .s{color:#57606a}tfoot td{font-weight:600;border-bottom:0}@media print{body{margin:0}}";

pub fn page(invoice: &Invoice) -> String {
    let mut rows = String::new();
    for line in &invoice.lines {
        // Writing to a `String` does not fail.
        let _ = write!(
            rows,
            "<tr><td>{}</td><td class=\"n\">{}</td></tr>",
            escape(&line.to_string()),
            line.amount(),
        );
    }
    let number = invoice.number;
    let peak = invoice.peak_connections_p99.map(|peak| {
        format!(
            "<p class=\"s\">Peak connections (99th percentile of one-minute samples): {peak}. \
             For information; not billed.</p>"
        )
    });
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <title>Invoice {number}</title><style>{STYLE}</style></head><body>\
         <h1>Invoice {number}</h1>\
         <p class=\"s\">Issued {} · due {} · {}</p>\
         <div class=\"parties\"><div><p class=\"s\">From</p>{}</div>\
         <div><p class=\"s\">To</p>{}</div></div>\
         <table><thead><tr><th>Line</th><th class=\"n\">{}</th></tr></thead><tbody>{rows}</tbody>\
         <tfoot><tr><td>Total</td><td class=\"n\">{}</td></tr></tfoot></table>{}\
         <p class=\"s\">Lines are in millionths of a dollar; the total is rounded to a whole cent \
         once, half a cent up. Recompute it: <code>signalbox-control-plane bill verify</code> with \
         this invoice as JSON and the ledger's export.</p></body></html>",
        Day::of(invoice.issued_at),
        Day::of(invoice.due_at),
        escape(&invoice.id.to_string()),
        party(&invoice.seller),
        party(&invoice.buyer),
        escape(&invoice.currency),
        dollars(invoice.total_cents),
        peak.unwrap_or_default(),
    )
}

fn party(party: &Party) -> String {
    lines_of(party).iter().map(|line| format!("<p>{}</p>", escape(line))).collect()
}

/// A party as it is printed, line by line.
pub fn lines_of(party: &Party) -> Vec<String> {
    let mut lines = vec![party.name.clone()];
    lines.extend(party.address.lines().map(str::to_owned));
    lines.push(party.country.clone());
    lines.extend(party.vat_id.iter().map(|id| format!("VAT {id}")));
    lines.extend(party.email.clone());
    lines.retain(|line| !line.trim().is_empty());
    lines
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
