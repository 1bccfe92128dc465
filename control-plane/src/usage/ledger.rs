//! The ledger for keeping: what an invoice is computed from, and can be computed from again.
//!
//! One JSON object per line. The first says what follows, then comes one line per app, hour and
//! key, and the last has their number and the SHA-256 of all lines before it, line feeds included.
//! An export without its last line was cut off.

use super::{model::from_counters, reading::HourRow};
use contract::usage::{Metric, Totals};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "one line is held at a time")]
pub enum LedgerLine {
    Start { ledger: LedgerStart },
    End { end: LedgerEnd },
    Hour(LedgerHour),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerStart {
    pub organisation_id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub to: OffsetDateTime,
}

/// What one app and key used in one hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerHour {
    pub app: String,
    #[serde(with = "time::serde::rfc3339")]
    pub hour: OffsetDateTime,
    /// Empty for what belongs to the app as a whole.
    pub key: String,
    /// What is not zero, by the names of the metrics.
    pub counters: Totals,
    /// The most connections in each of the 60 minutes, over all gateways; in lines without a key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub minute_peaks: Vec<u64>,
    /// Whether the hour was added up already; what gateways send late can change it still.
    pub settled: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEnd {
    pub rows: u64,
    pub sha256: String,
}

impl From<HourRow> for LedgerHour {
    fn from(row: HourRow) -> Self {
        let peaks = row.minute_peaks.unwrap_or_default();
        let minute_peaks: Vec<u64> = peaks.iter().map(|peak| peak.max(&0).unsigned_abs()).collect();
        let mut counters = from_counters(&row.counters);
        // Peaks of gateways do not add up as the rest does.
        let peak = minute_peaks.iter().max().copied().unwrap_or_default();
        counters.set(Metric::ConnectionsPeak, peak);
        Self {
            app: row.app,
            hour: row.hour,
            key: row.key,
            counters,
            minute_peaks,
            settled: row.is_settled,
        }
    }
}

/// Writes lines and seals them.
#[derive(Default)]
pub struct Writer {
    seal: Sha256,
    rows: u64,
}

impl Writer {
    /// Errors: none of the lines can fail to be written as JSON.
    pub fn line(&mut self, line: &LedgerLine) -> serde_json::Result<Vec<u8>> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.seal.update(&text);
        self.rows += u64::from(matches!(line, LedgerLine::Hour(_)));
        Ok(text)
    }

    pub fn end(self) -> serde_json::Result<Vec<u8>> {
        let end = LedgerEnd { rows: self.rows, sha256: hex::encode(self.seal.finalize()) };
        let mut text = serde_json::to_vec(&LedgerLine::End { end })?;
        text.push(b'\n');
        Ok(text)
    }
}

/// Why an export cannot be relied on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLedger {
    #[error("line {line} is not a line of a ledger: {why}")]
    Line { line: usize, why: String },
    #[error("it does not begin with what it covers")]
    NoStart,
    #[error("it was cut off: the last line is missing")]
    NoEnd,
    #[error("it was changed after it was exported")]
    Seal,
}

/// Reads an export and checks that it is whole and unchanged.
pub fn read(text: &str) -> Result<(LedgerStart, Vec<LedgerHour>), BadLedger> {
    let (mut start, mut hours, mut seal) = (None, Vec::new(), Sha256::new());
    for (n, line) in text.lines().enumerate() {
        let parsed = serde_json::from_str::<LedgerLine>(line)
            .map_err(|e| BadLedger::Line { line: n + 1, why: e.to_string() })?;
        match parsed {
            LedgerLine::Start { ledger } if n == 0 => start = Some(ledger),
            LedgerLine::Hour(hour) if n > 0 => hours.push(hour),
            LedgerLine::End { end } => {
                let start = start.ok_or(BadLedger::NoStart)?;
                let is_whole = end.rows == hours.len() as u64
                    && end.sha256 == hex::encode(seal.finalize())
                    && text.lines().count() == n + 1;
                return if is_whole { Ok((start, hours)) } else { Err(BadLedger::Seal) };
            }
            _ => return Err(BadLedger::NoStart),
        }
        seal.update(line);
        seal.update("\n");
    }
    Err(BadLedger::NoEnd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn export() -> String {
        let mut counters = Totals::default();
        counters.set(Metric::Published, 3);
        let hour = datetime!(2026-03-15 10:00 UTC);
        let ledger = LedgerStart { organisation_id: Uuid::nil(), from: hour, to: hour };
        let row = LedgerHour {
            app: "100042".into(),
            hour,
            key: String::new(),
            counters,
            minute_peaks: vec![7; 60],
            settled: true,
        };
        let mut writer = Writer::default();
        let mut text = writer.line(&LedgerLine::Start { ledger }).unwrap();
        text.extend(writer.line(&LedgerLine::Hour(row)).unwrap());
        text.extend(writer.end().unwrap());
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn an_export_reads_back() {
        let (start, hours) = read(&export()).unwrap();
        assert_eq!(start.organisation_id, Uuid::nil());
        assert_eq!(hours[0].counters.get(Metric::Published), 3);
        assert_eq!(hours[0].minute_peaks.len(), 60);
    }

    #[test]
    fn an_export_that_is_changed_or_cut_off_is_not_taken() {
        let text = export();
        let lines: Vec<&str> = text.lines().collect();
        let cases = [
            (text.replace("\"published\":3", "\"published\":4"), BadLedger::Seal),
            (text.replace("100042", "100043"), BadLedger::Seal),
            (format!("{}\n{}\n", lines[0], lines[1]), BadLedger::NoEnd),
            (format!("{}\n{}\n", lines[0], lines[2]), BadLedger::Seal),
            (format!("{}\n{}\n", lines[1], lines[2]), BadLedger::NoStart),
            (format!("{text}{}\n", lines[1]), BadLedger::Seal),
            (String::new(), BadLedger::NoEnd),
        ];
        for (changed, expected) in cases {
            assert_eq!(read(&changed), Err(expected), "{changed}");
        }
        assert!(matches!(read("{}\n"), Err(BadLedger::Line { line: 1, .. })));
    }
}
