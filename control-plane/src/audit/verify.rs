//! Whether an export is a piece of a chain that nobody touched. Needs no database.

use super::chain;
use serde_json::Value;
use std::{fmt, io::BufRead};

/// What an export that holds covers.
#[derive(Debug, PartialEq, Eq)]
pub struct Verified {
    pub first: u64,
    pub last: u64,
    /// Hash of the last entry.
    pub head: String,
}

/// The first line at which the chain does not hold, counted from one.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct Broken {
    pub line: usize,
    pub fault: Fault,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("cannot be read: {0}")]
    Unreadable(String),
    #[error("is not an entry: {0}")]
    Shape(&'static str),
    #[error("was changed: its content does not have the hash it states")]
    Changed,
    #[error(
        "does not follow the line before it: entries were removed, added or put in another order"
    )]
    Unlinked,
    #[error("is the last, and not the head that was given: entries are missing at the end")]
    NotTheHead,
    #[error("there are no entries")]
    Empty,
}

/// Checks an export line by line. An export of a part begins in the middle of the chain; what came
/// before it is then not checked, and `first` says so.
pub fn verify(export: impl BufRead, head: Option<&str>) -> Result<Verified, Broken> {
    let mut so_far: Option<Verified> = None;
    let mut organisation = Value::Null;
    let mut count = 0;
    for (at, line) in export.lines().enumerate() {
        count = at + 1;
        let broken = |fault| Broken { line: count, fault };
        let line = line.map_err(|e| broken(Fault::Unreadable(e.to_string())))?;
        let entry: Value =
            serde_json::from_str(&line).map_err(|e| broken(Fault::Unreadable(e.to_string())))?;
        let next = Link::of(&entry).map_err(broken)?;
        if hex::encode(chain::hash(&entry)) != next.hash {
            return Err(broken(Fault::Changed));
        }
        let follows = match &so_far {
            None if next.seq == 1 => next.prev_hash == hex::encode(chain::BEGINNING),
            None => true,
            Some(before) => {
                before.last.checked_add(1) == Some(next.seq)
                    && next.prev_hash == before.head
                    && entry["organisation_id"] == organisation
            }
        };
        if !follows {
            return Err(broken(Fault::Unlinked));
        }
        let first = so_far.map_or(next.seq, |before| before.first);
        so_far = Some(Verified { first, last: next.seq, head: next.hash.to_owned() });
        organisation = entry["organisation_id"].clone();
    }
    let verified = so_far.ok_or(Broken { line: count, fault: Fault::Empty })?;
    match head {
        Some(head) if !head.eq_ignore_ascii_case(&verified.head) => {
            Err(Broken { line: count, fault: Fault::NotTheHead })
        }
        _ => Ok(verified),
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entries {} to {} hold; head {}", self.first, self.last, self.head)
    }
}

struct Link<'a> {
    seq: u64,
    prev_hash: &'a str,
    hash: &'a str,
}

impl<'a> Link<'a> {
    fn of(entry: &'a Value) -> Result<Self, Fault> {
        if entry["v"] != 1 {
            return Err(Fault::Shape("its version is not 1"));
        }
        let text = |name: &str, missing| entry[name].as_str().ok_or(Fault::Shape(missing));
        Ok(Self {
            seq: entry["seq"].as_u64().ok_or(Fault::Shape("it has no seq"))?,
            prev_hash: text("prev_hash", "it has no prev_hash")?,
            hash: text("hash", "it has no hash")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn export(entries: usize) -> Vec<String> {
        let mut before = hex::encode(chain::BEGINNING);
        let entry = |seq: usize| {
            let mut entry = json!({
                "v": 1, "seq": seq, "organisation_id": "o", "action": format!("deed {seq}"),
                "after": {"name": "Zoë \n"}, "prev_hash": before,
            });
            before = hex::encode(chain::hash(&entry));
            entry["hash"] = json!(before);
            chain::canonical(&entry)
        };
        (1..=entries).map(entry).collect()
    }

    #[track_caller]
    fn check(lines: &[String], head: Option<&str>, expected: Result<(u64, u64), (usize, Fault)>) {
        let got = verify(lines.join("\n").as_bytes(), head);
        let got = got.map(|v| (v.first, v.last)).map_err(|b| (b.line, b.fault));
        assert_eq!(got, expected);
    }

    #[test]
    fn every_kind_of_change_shows_at_its_line() {
        let whole = export(5);
        let head = serde_json::from_str::<Value>(&whole[4]).unwrap()["hash"].clone();
        let head = head.as_str();
        check(&whole, None, Ok((1, 5)));
        check(&whole, head, Ok((1, 5)));
        check(&whole[2..], head, Ok((3, 5)));
        check(&whole[..4], None, Ok((1, 4)));
        check(&whole[..4], head, Err((4, Fault::NotTheHead)));
        check(&[], None, Err((0, Fault::Empty)));

        let with = |at: usize, line: String| {
            let mut lines = whole.clone();
            lines[at] = line;
            lines
        };
        check(&with(1, whole[1].replace("deed 2", "deed 7")), head, Err((2, Fault::Changed)));
        check(&with(3, whole[2].clone()), head, Err((4, Fault::Unlinked)));
        check(&[&whole[..1], &whole[2..]].concat(), head, Err((2, Fault::Unlinked)));
        check(&with(0, "[]".into()), head, Err((1, Fault::Shape("its version is not 1"))));
        // Rewritten and hashed anew: what follows no longer does.
        let mut forged: Value = serde_json::from_str(&whole[1]).unwrap();
        forged["action"] = json!("nothing");
        forged["hash"] = json!(hex::encode(chain::hash(&forged)));
        check(&with(1, forged.to_string()), head, Err((3, Fault::Unlinked)));
        // A first entry follows nothing.
        let mut first: Value = serde_json::from_str(&whole[0]).unwrap();
        first["prev_hash"] = json!("11".repeat(32));
        first["hash"] = json!(hex::encode(chain::hash(&first)));
        check(&[first.to_string()], None, Err((1, Fault::Unlinked)));
        let cut = with(4, whole[4][..20].to_owned());
        let broken = verify(cut.join("\n").as_bytes(), None).unwrap_err();
        assert!(matches!(broken, Broken { line: 5, fault: Fault::Unreadable(_) }), "{broken}");
    }
}
