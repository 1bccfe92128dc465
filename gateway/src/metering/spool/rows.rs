//! A minute as a file.

use super::SpoolError;
use contract::usage::{UsageBatch, UsageRow};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::Path,
};

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub struct Whose {
    pub gateway: String,
    pub boot: String,
    pub rows: u64,
}

/// Writes a file that is there under its name only once it is whole and on the disk. Answers its
/// bytes.
pub fn write(path: &Path, whose: &Whose, rows: &[UsageRow]) -> Result<u64, SpoolError> {
    let try_write = || -> io::Result<u64> {
        let temporary = path.with_extension("new");
        let mut out = BufWriter::new(File::create(&temporary)?);
        line(&mut out, whose)?;
        for row in rows {
            line(&mut out, row)?;
        }
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_data()?;
        let bytes = file.metadata()?.len();
        fs::rename(&temporary, path)?;
        Ok(bytes)
    };
    try_write().map_err(|source| SpoolError::Io { path: path.into(), source })
}

fn line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// Rows and bytes of a file, by its first line.
pub fn size(path: &Path) -> Result<(u64, u64), SpoolError> {
    let (whose, lines) = open(path)?;
    let bytes = lines.get_ref().metadata().map_err(|e| io_error(path, e))?.len();
    Ok((whose.rows, bytes))
}

pub fn read(path: &Path) -> Result<UsageBatch, SpoolError> {
    let (Whose { gateway, boot, rows: expected }, lines) = open(path)?;
    let mut rows = Vec::new();
    for line in lines.lines() {
        let line = line.map_err(|e| io_error(path, e))?;
        rows.push(serde_json::from_str(&line).map_err(|e| damaged(path, e))?);
    }
    match rows.len() as u64 == expected {
        true => Ok(UsageBatch { gateway, boot, rows }),
        false => Err(damaged(path, format!("{} of {expected} rows", rows.len()))),
    }
}

fn open(path: &Path) -> Result<(Whose, BufReader<File>), SpoolError> {
    let mut lines = BufReader::new(File::open(path).map_err(|e| io_error(path, e))?);
    let mut first = String::new();
    lines.read_line(&mut first).map_err(|e| io_error(path, e))?;
    let whose = serde_json::from_str(&first).map_err(|e| damaged(path, e))?;
    Ok((whose, lines))
}

/// Bytes that are no text are damage, whatever the reader calls them.
fn io_error(path: &Path, source: io::Error) -> SpoolError {
    match source.kind() {
        io::ErrorKind::InvalidData => damaged(path, source),
        _ => SpoolError::Io { path: path.into(), source },
    }
}

fn damaged(path: &Path, why: impl ToString) -> SpoolError {
    SpoolError::Damaged { path: path.into(), why: why.to_string() }
}
