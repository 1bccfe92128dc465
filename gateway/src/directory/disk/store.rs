//! Writing: snapshots that appear whole or not at all, and the log after them.

use crate::directory::disk::format::{Header, write_line};
use contract::directory::{Entry, Revision};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

const GENERATIONS_KEPT: usize = 2;

/// The newest generation, open for appending.
#[derive(Debug)]
pub struct Store {
    log: File,
    log_bytes: u64,
    snapshot_bytes: u64,
}

impl Store {
    /// A log smaller than this is not worth a new generation.
    const MIN_LOG_BYTES: u64 = 4 << 20;

    /// Writes a new generation and drops those before the last.
    pub fn create(
        folder: &Path,
        revision: Revision,
        count: usize,
        entries: impl Iterator<Item = Entry>,
    ) -> io::Result<Self> {
        let snapshot_bytes = write_snapshot(folder, revision, count, entries)?;
        let log = File::create(file(folder, "log", revision))?;
        sync_folder(folder)?;
        remove_old(folder)?;
        Ok(Self { log, log_bytes: 0, snapshot_bytes })
    }

    /// Goes on with the generation of `revision`, whose log is whole.
    pub fn open(folder: &Path, revision: Revision) -> io::Result<Self> {
        let path = file(folder, "log", revision);
        let log = OpenOptions::new().create(true).append(true).open(path)?;
        let snapshot_bytes = fs::metadata(file(folder, "snapshot", revision))?.len();
        Ok(Self { log_bytes: log.metadata()?.len(), log, snapshot_bytes })
    }

    /// Appends and syncs. After an error the log's end is unknown: a new generation is due.
    pub fn append(&mut self, entries: &[Entry]) -> io::Result<()> {
        let mut lines = Vec::new();
        for entry in entries {
            write_line(&mut lines, entry)?;
        }
        self.log.write_all(&lines)?;
        self.log.sync_data()?;
        self.log_bytes += lines.len() as u64;
        Ok(())
    }

    /// Whether the log has outgrown what it saves.
    pub fn is_due_for_compaction(&self) -> bool {
        self.log_bytes > Self::MIN_LOG_BYTES.max(self.snapshot_bytes)
    }
}

/// Writes a snapshot that is there under its name only once it is whole and synced.
fn write_snapshot(
    folder: &Path,
    revision: Revision,
    count: usize,
    entries: impl Iterator<Item = Entry>,
) -> io::Result<u64> {
    fs::create_dir_all(folder)?;
    let temporary = folder.join("snapshot.new");
    let mut out = BufWriter::with_capacity(1 << 18, File::create(&temporary)?);
    let header = Header { version: Header::VERSION, revision, entries: count as u64 };
    let mut line = Vec::new();
    write_line(&mut line, &header)?;
    out.write_all(&line)?;
    for entry in entries {
        line.clear();
        write_line(&mut line, &entry)?;
        out.write_all(&line)?;
    }
    let written = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    written.sync_all()?;
    let bytes = written.metadata()?.len();
    fs::rename(&temporary, file(folder, "snapshot", revision))?;
    sync_folder(folder)?;
    Ok(bytes)
}

/// Revision numbers are padded so that names sort like numbers.
pub fn file(folder: &Path, kind: &str, revision: Revision) -> PathBuf {
    folder.join(format!("{kind}-{revision:020}"))
}

/// The revisions of which there is a file of this kind, newest first.
pub fn revisions(folder: &Path, kind: &str) -> io::Result<Vec<Revision>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(kind)?.strip_prefix('-'));
        found.extend(number.and_then(|number| number.parse::<Revision>().ok()));
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    Ok(found)
}

fn remove_old(folder: &Path) -> io::Result<()> {
    let kept = revisions(folder, "snapshot")?;
    let Some(oldest) = kept.get(GENERATIONS_KEPT - 1) else {
        return Ok(());
    };
    for kind in ["snapshot", "log"] {
        for revision in revisions(folder, kind)? {
            if revision < *oldest {
                fs::remove_file(file(folder, kind, revision))?;
            }
        }
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
