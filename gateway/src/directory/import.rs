//! `signalbox-gateway directory-import`: a disk copy from a snapshot in a file, without a control
//! plane. For migration and benchmarks.

use crate::directory::{Directory, disk, replica::Kept};
use base64::{Engine, engine::general_purpose::STANDARD};
use contract::{
    directory::{Change, Revision, SnapshotLine},
    seal::MasterKey,
};
use serde_json::Value;
use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

/// Why the disk copy could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("line {line}: {why}")]
    Line { line: usize, why: String },
    #[error("the snapshot has {is} records and announces {announced}")]
    Count { announced: u64, is: u64 },
}

/// Writes the disk copy below `state_dir` from the lines of `file`. Answers how many records.
///
/// Start and end lines are optional. A credential may have a plain `secret` in place of
/// `sealed_secret`, a secret key a plain `token_secret` in place of `sealed_token_secret`; they are
/// sealed with `master`.
pub fn import(file: &Path, state_dir: &Path, master: &MasterKey) -> Result<u64, DiskError> {
    import_from(BufReader::new(File::open(file)?), state_dir, master)
}

fn import_from(
    lines: impl BufRead,
    state_dir: &Path,
    master: &MasterKey,
) -> Result<u64, DiskError> {
    let (mut revision, mut changes, mut announced) = (1, Vec::new(), None);
    for (at, text) in lines.lines().enumerate() {
        let text = text?;
        if text.trim().is_empty() {
            continue;
        }
        let bad = |why: String| DiskError::Line { line: at + 1, why };
        match parse(&text, master).map_err(bad)? {
            SnapshotLine::Start { snapshot } => revision = snapshot.revision.max(1),
            SnapshotLine::Change(change) => changes.push(*change),
            SnapshotLine::End { end } => announced = Some(end.records),
        }
    }
    let is = changes.len() as u64;
    if let Some(announced) = announced.filter(|announced| *announced != is) {
        return Err(DiskError::Count { announced, is });
    }
    write(revision, changes, state_dir, master)?;
    Ok(is)
}

/// Through a directory of its own, so that only what a gateway would accept is written.
fn write(
    revision: Revision,
    changes: Vec<Change>,
    state_dir: &Path,
    master: &MasterKey,
) -> Result<(), DiskError> {
    let directory = Directory::new(master.clone());
    let announced = changes.len() as u64;
    drop(directory.replace(revision, changes, &Kept::default()));
    let export = directory.export();
    let (revision, count) = (export.revision, export.len());
    let is = count as u64;
    if is != announced {
        return Err(DiskError::Count { announced, is });
    }
    let folder = disk::folder(state_dir);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    disk::Store::create(&folder, revision, count, export.into_entries())?;
    Ok(())
}

fn parse(text: &str, master: &MasterKey) -> Result<SnapshotLine, String> {
    let mut value: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    if value.get("type").is_none() {
        return serde_json::from_value(value).map_err(|e| e.to_string());
    }
    let credentials = value.get_mut("credentials").and_then(Value::as_array_mut);
    for credential in credentials.into_iter().flatten() {
        seal(credential, "key", "secret", master)?;
    }
    seal(&mut value, "id", "token_secret", master)?;
    // The error is that of the record, not of the line's three shapes.
    let change = serde_json::from_value::<Change>(value).map_err(|e| e.to_string())?;
    Ok(SnapshotLine::Change(Box::new(change)))
}

/// Puts `sealed_{name}` in place of the plain member `name`; its place is what `place` says.
fn seal(record: &mut Value, place: &str, name: &str, master: &MasterKey) -> Result<(), String> {
    let Some(record) = record.as_object_mut() else { return Ok(()) };
    let Some(Value::String(plain)) = record.remove(name) else { return Ok(()) };
    let place = record.get(place).and_then(Value::as_str).unwrap_or_default();
    let sealed = master.seal(&plain, place).map_err(|e| e.to_string())?;
    record.insert(format!("sealed_{name}"), Value::String(STANDARD.encode(sealed)));
    Ok(())
}
