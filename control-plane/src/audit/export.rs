//! The log as a file: read in pieces, so that its length costs no memory.

use super::{
    chain,
    model::{Entry, ExportFormat, ExportQuery},
    store,
};
use crate::{api::ApiError, organisations::OrganisationAccess, state::State};
use actix_web::web::{Bytes, Data};
use futures_util::Stream;

/// Entries read at once.
const PIECE: i64 = 500;
const CSV_HEAD: &str = "seq,at,actor_kind,actor_id,actor_name,person,action,subject,before,after,\
                        request_id,address,prev_hash,hash\r\n";

pub fn stream(
    state: Data<State>,
    access: OrganisationAccess,
    query: ExportQuery,
) -> impl Stream<Item = Result<Bytes, ApiError>> {
    let begin = Export { state, access, query, next: Some(0) };
    futures_util::stream::try_unfold(begin, |mut export| async move {
        Ok(export.piece().await?.map(|piece| (piece, export)))
    })
}

struct Export {
    state: Data<State>,
    access: OrganisationAccess,
    query: ExportQuery,
    /// After which entry to go on; nothing when all were read.
    next: Option<i64>,
}

impl Export {
    async fn piece(&mut self) -> Result<Option<Bytes>, ApiError> {
        let Some(after) = self.next else { return Ok(None) };
        let mut tx = self.access.begin(&self.state).await?;
        let entries =
            store::following(&mut tx, after, self.query.from, self.query.to, PIECE).await?;
        tx.commit().await?;
        let whole = entries.len() as i64 == PIECE;
        self.next = entries.last().filter(|_| whole).map(|last| last.seq);
        let mut text = String::new();
        if after == 0 && matches!(self.query.format, ExportFormat::Csv) {
            text.push_str(CSV_HEAD);
        }
        for entry in &entries {
            match self.query.format {
                ExportFormat::Ndjson => {
                    let value = serde_json::to_value(entry).map_err(ApiError::internal)?;
                    text.push_str(&chain::canonical(&value));
                    text.push('\n');
                }
                ExportFormat::Csv => csv_line(entry, &mut text),
            }
        }
        Ok(Some(text.into()))
    }
}

fn csv_line(entry: &Entry, text: &mut String) {
    let json = |value: &Option<serde_json::Value>| {
        value.as_ref().map(chain::canonical).unwrap_or_default()
    };
    let or_empty = |value: &Option<String>| value.clone().unwrap_or_default();
    let fields = [
        entry.seq.to_string(),
        entry.at.clone(),
        entry.actor.kind.clone(),
        or_empty(&entry.actor.id),
        or_empty(&entry.actor.name),
        entry.actor.person.map(|id| id.to_string()).unwrap_or_default(),
        entry.action.clone(),
        entry.subject.clone(),
        json(&entry.before),
        json(&entry.after),
        or_empty(&entry.request_id),
        or_empty(&entry.address),
        entry.prev_hash.clone(),
        entry.hash.clone(),
    ];
    let fields: Vec<String> = fields.iter().map(|field| csv_field(field)).collect();
    text.push_str(&fields.join(","));
    text.push_str("\r\n");
}

/// Quoted where needed (RFC 4180). What a spreadsheet would take for a formula is made a text.
fn csv_field(raw: &str) -> String {
    let formula = raw.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let raw = if formula { format!("'{raw}") } else { raw.to_owned() };
    match raw.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", raw.replace('"', "\"\"")),
        false => raw,
    }
}

#[cfg(test)]
mod tests {
    use super::csv_field;

    #[test]
    fn fields_are_quoted_and_never_formulas() {
        for (raw, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=1+1", "'=1+1"),
            ("-x,y", "\"'-x,y\""),
            ("", ""),
        ] {
            assert_eq!(csv_field(raw), expected, "{raw}");
        }
    }
}
