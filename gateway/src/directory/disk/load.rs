//! Reading: the newest snapshot that is whole, then every log.

use crate::directory::{
    Alarm, Directory,
    disk::{
        Store,
        format::{BadLine, Header, read_line},
        store::{file, revisions},
    },
};
use contract::directory::{Entry, Revision};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader},
    path::Path,
};

/// Fills `directory` from the disk copy. The store to go on with; `None` when there is no copy, or
/// when the newest generation is damaged and a new one is due.
pub fn load(directory: &Directory, folder: &Path) -> io::Result<Option<Store>> {
    if !folder.exists() {
        return Ok(None);
    }
    let snapshots = revisions(folder, "snapshot")?;
    let Some(used) = snapshots.iter().copied().find(|at| use_snapshot(directory, folder, *at))
    else {
        return Ok(None);
    };
    let (mut reached, mut cut) = (used, false);
    let mut logs = revisions(folder, "log")?;
    logs.retain(|at| *at >= used);
    for at in logs.into_iter().rev() {
        let log = replay(directory, folder, at)?;
        // What was cut off is missing, so the feed has to go on from there.
        if !cut {
            reached = reached.max(log.reached);
        }
        cut |= log.cut;
    }
    directory.loaded(reached);
    tracing::info!(
        directory.revision = directory.status().applied(),
        directory.snapshot = used,
        "directory loaded from disk"
    );
    match snapshots.first() == Some(&used) {
        true => Store::open(folder, used).map(Some),
        false => Ok(None),
    }
}

fn use_snapshot(directory: &Directory, folder: &Path, revision: Revision) -> bool {
    match read_snapshot(&file(folder, "snapshot", revision)) {
        Ok((header, entries)) => {
            directory.restore(header.revision, entries);
            true
        }
        Err(e) => {
            directory.status().raise(Alarm::DiskCorrupt);
            tracing::error!(directory.snapshot = revision, error = %e, "snapshot on disk not used");
            false
        }
    }
}

fn read_snapshot(path: &Path) -> io::Result<(Header, Vec<Entry>)> {
    let mut lines = BufReader::with_capacity(1 << 18, File::open(path)?).split(b'\n');
    let first = lines.next().ok_or(io::ErrorKind::UnexpectedEof)??;
    let header: Header = read_line(&first).map_err(damaged)?;
    if header.version != Header::VERSION {
        return Err(io::Error::other(format!("is of version {}", header.version)));
    }
    let mut entries = Vec::with_capacity(header.entries.min(1 << 20) as usize);
    for line in lines {
        entries.push(read_line::<Entry>(&line?).map_err(damaged)?);
    }
    match entries.len() as u64 == header.entries {
        true => Ok((header, entries)),
        false => Err(io::Error::other("is cut off")),
    }
}

fn damaged(bad: BadLine) -> io::Error {
    io::Error::other(match bad {
        BadLine::Damaged => "a line is damaged",
        BadLine::Unknown => "a line is not understood",
    })
}

struct Replayed {
    reached: Revision,
    cut: bool,
}

/// Applies a log up to its first damaged line, where it is cut off.
fn replay(directory: &Directory, folder: &Path, at: Revision) -> io::Result<Replayed> {
    let path = file(folder, "log", at);
    let mut reader = BufReader::with_capacity(1 << 18, File::open(&path)?);
    let (mut line, mut good_bytes, mut reached) = (Vec::new(), 0, at);
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(Replayed { reached, cut: false });
        }
        let entry = match line.strip_suffix(b"\n") {
            Some(line) => read_line::<Entry>(line),
            None => Err(BadLine::Damaged),
        };
        match entry {
            Ok(entry) => {
                reached = reached.max(entry.revision);
                drop(directory.apply(entry.revision, entry.change));
            }
            Err(BadLine::Unknown) => directory.status().raise(Alarm::BadRecord),
            Err(BadLine::Damaged) => {
                directory.status().raise(Alarm::DiskCorrupt);
                tracing::error!(directory.log = at, bytes = good_bytes, "log on disk cut off");
                OpenOptions::new().write(true).open(&path)?.set_len(good_bytes)?;
                return Ok(Replayed { reached, cut: true });
            }
        }
        good_bytes += read as u64;
    }
}
