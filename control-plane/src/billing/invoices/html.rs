//! An invoice as a page to read and print. One file, no scripts, nothing loaded.

use super::{
    model::{Invoice, Party},
    printed::{self, COMMAND, HOW_IT_ADDS_UP, Row},
};

const STYLE: &str = "\
    body{font:15px/1.5 system-ui,sans-serif;color:#1b1f24;max-width:48em;margin:3em auto;padding:0 1.5em}\
    h1{font-size:1.8em;margin:0 0 1em}h2{font-size:1em;font-weight:400;margin:0}\
    .s,h2,dt{color:#57606a;font-size:.875em}dl,dd,p{margin:0}\
    .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(11em,1fr));gap:1em 1.5em;\
    padding:1.25em 0;border:solid #d8dee4;border-width:1px 0}\
    .parties{display:flex;flex-wrap:wrap;gap:1.5em 6em;margin:2em 0}.parties p:nth-child(2){font-weight:600}\
    table{border-collapse:collapse;width:100%}td,th{padding:.6em 0;border-bottom:1px solid #d8dee4;\
    text-align:left;vertical-align:top}th{font-weight:400;color:#57606a;font-size:.875em}\
    td:not(:first-child),th:not(:first-child){padding-left:1.5em;text-align:right;white-space:nowrap;\
    font-variant-numeric:tabular-nums}td .s{display:block}\
    .sums{width:min(100%,24em);margin:.75em 0 2em auto}.sums div{display:flex;justify-content:space-between;\
    gap:2em;padding:.3em 0}.sums dt{color:inherit;font-size:1em}.sums div:last-child{border-top:1px solid #d8dee4;\
    font-weight:600}dd,code{overflow-wrap:anywhere}@media(max-width:40em){\
    body{margin:1.5em auto;padding:0 1em}td,th{font-size:.8125em}\
    td:not(:first-child),th:not(:first-child){padding-left:.6em;white-space:normal}}@media print{body{margin:0}tr{break-inside:avoid}}";

pub fn page(invoice: &Invoice) -> String {
    let facts = printed::facts(invoice);
    let facts: String = facts.iter().map(|(name, value)| pair(name, value)).collect();
    let rows: String = printed::rows(invoice).iter().map(row).collect();
    let sums = printed::sums(invoice);
    let sums: String = sums.iter().map(|(name, value)| pair(name, value)).collect();
    let peak = printed::peak(invoice).map(|text| format!("<p class=\"s\">{text}</p>"));
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>Invoice {number}</title><style>{STYLE}</style></head><body>\
         <h1>Invoice {number}</h1><dl class=\"facts\">{facts}</dl>\
         <div class=\"parties\">{seller}{buyer}</div>\
         <table><thead><tr><th scope=\"col\">Description</th><th scope=\"col\">Quantity</th>\
         <th scope=\"col\">Unit price</th><th scope=\"col\">Amount</th></tr></thead><tbody>{rows}</tbody></table>\
         <dl class=\"sums\">{sums}</dl>{peak}\
         <p class=\"s\">{HOW_IT_ADDS_UP} <code>{COMMAND}</code></p></body></html>",
        number = invoice.number,
        seller = party("From", &invoice.seller),
        buyer = party("To", &invoice.buyer),
        peak = peak.unwrap_or_default(),
    )
}

fn pair(name: &str, value: &str) -> String {
    format!("<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(value))
}

fn row(row: &Row) -> String {
    format!(
        "<tr><td>{}<span class=\"s\">{}</span></td><td>{}</td><td>{}</td><td>{}</td></tr>",
        escape(&row.what),
        escape(&row.detail),
        escape(&row.quantity),
        escape(&row.unit),
        row.amount,
    )
}

fn party(title: &str, party: &Party) -> String {
    let lines = printed::lines_of(party);
    let lines: String = lines.iter().map(|line| format!("<p>{}</p>", escape(line))).collect();
    format!("<div><h2>{title}</h2>{lines}</div>")
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
