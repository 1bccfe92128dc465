//! Usage as a table: one line per bucket, app and key.

use super::reading::{Part, Peak};
use contract::usage::{Metric, Totals};
use std::{collections::BTreeMap, fmt::Write};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

pub const CONTENT_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// Errors: a moment that has no RFC 3339 text; there is none in a range.
pub fn csv(parts: &[Part], peaks: &[Peak]) -> Result<String, time::error::Format> {
    let mut lines: BTreeMap<(OffsetDateTime, &str, &str), Totals> = BTreeMap::new();
    for part in parts {
        lines.entry((part.start, &part.app, &part.key)).or_default().add(&part.totals);
    }
    for peak in peaks {
        if let Some(app) = &peak.app {
            let line = lines.entry((peak.start, app, "")).or_default();
            line.set(Metric::ConnectionsPeak, peak.peak);
        }
    }
    let mut text = String::from("start,app,key");
    for metric in Metric::all() {
        push(&mut text, format_args!(",{metric}"));
    }
    text.push_str("\r\n");
    for ((start, app, key), totals) in lines {
        push(&mut text, format_args!("{},{},{}", start.format(&Rfc3339)?, field(app), field(key)));
        for metric in Metric::all() {
            push(&mut text, format_args!(",{}", totals.get(metric)));
        }
        text.push_str("\r\n");
    }
    Ok(text)
}

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(more);
}

/// Quoted where it has to be. What a spreadsheet would take for a formula stays text: ids and keys
/// are what customers brought.
fn field(raw: &str) -> String {
    let is_formula = raw.starts_with(['=', '+', '-', '@']);
    match is_formula || raw.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}{}\"", if is_formula { "'" } else { "" }, raw.replace('"', "\"\"")),
        false => raw.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn fields_stay_fields() {
        for (raw, expected) in [
            ("key", "key"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("=1+1", "\"'=1+1\""),
            ("@x", "\"'@x\""),
        ] {
            assert_eq!(field(raw), expected);
        }
    }
}
