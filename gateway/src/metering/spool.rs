//! Minutes that are over and that the control plane does not have yet, on disk.
//!
//! ```text
//! usage/lock                  held by the one process that uses the folder
//! usage/{boot}/live.page      what that process counts in
//! usage/{boot}/{minute}.rows  a line that says whose, then a row per line
//! usage/refused/              what the control plane does not take, for operators
//! ```

mod rows;

use super::{
    cells::usage,
    page::{self, BadPage, Left},
};
use contract::usage::{UsageBatch, UsageRow};
use rows::Whose;
use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    #[error("another gateway uses the state folder {}", .0.display())]
    Taken(PathBuf),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is damaged: {why}", path.display())]
    Damaged { path: PathBuf, why: String },
}

/// A minute of one process that waits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    pub minute: u64,
    pub path: PathBuf,
}

#[derive(Clone, Copy, Debug, Default)]
struct Size {
    rows: u64,
    bytes: u64,
}

#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    limit: u64,
    lock: Mutex<Option<File>>,
    waiting: Mutex<BTreeMap<Waiting, Size>>,
    set_aside: AtomicU64,
}

impl Spool {
    /// Files of more bytes than `limit` are not written; minutes go on for longer instead.
    ///
    /// Errors: `Taken`. A folder that cannot be written to is tried again by and by.
    pub fn open(state_dir: &Path, limit: u64) -> Result<Self, SpoolError> {
        let spool = Self {
            folder: state_dir.join("usage"),
            limit,
            lock: Mutex::default(),
            waiting: Mutex::default(),
            set_aside: AtomicU64::new(0),
        };
        match spool.lock() {
            Err(SpoolError::Io { path, source }) => {
                tracing::error!(path = %path.display(), error = %source, "no folder for usage");
            }
            other => other?,
        }
        Ok(spool)
    }

    fn lock(&self) -> Result<(), SpoolError> {
        let mut held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_some() {
            return Ok(());
        }
        let path = self.folder.join("lock");
        let at = |source| SpoolError::Io { path: path.clone(), source };
        fs::create_dir_all(&self.folder).map_err(at)?;
        let file = File::options().create(true).append(true).open(&path).map_err(at)?;
        match file.try_lock() {
            Ok(()) => *held = Some(file),
            Err(TryLockError::WouldBlock) => return Err(SpoolError::Taken(self.folder.clone())),
            Err(TryLockError::Error(e)) => return Err(at(e)),
        }
        Ok(())
    }

    /// The folder of the process itself.
    pub fn own_folder(&self, boot: &str) -> io::Result<PathBuf> {
        self.lock().map_err(io::Error::other)?;
        let folder = self.folder.join(boot);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Whether a minute may end, seen from how full the spool is. The fuller, the longer they go
    /// on; when it is full they do not end any more.
    pub fn lets_end(&self, minute: u64, now: u64) -> bool {
        let parts = |n: u64| minute / n != now / n;
        match self.bytes().saturating_mul(10).checked_div(self.limit) {
            Some(..5) => true,
            Some(5..8) => parts(10),
            Some(8..10) => parts(60),
            Some(10..) | None => false,
        }
    }

    /// Keeps rows until they are reported. They are there whole, or not at all.
    pub fn keep(
        &self,
        gateway: &str,
        boot: &str,
        minute: u64,
        rows: &[UsageRow],
    ) -> Result<(), SpoolError> {
        let path = self.folder.join(boot).join(format!("{minute}.rows"));
        let whose = Whose { gateway: gateway.into(), boot: boot.into(), rows: rows.len() as u64 };
        let bytes = rows::write(&path, &whose, rows)?;
        self.add(Waiting { minute, path }, Size { rows: whose.rows, bytes });
        Ok(())
    }

    fn add(&self, waiting: Waiting, size: Size) {
        self.all().insert(waiting, size);
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Waiting, Size>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has waited longest.
    pub fn oldest(&self) -> Option<Waiting> {
        self.all().first_key_value().map(|(waiting, _)| waiting.clone())
    }

    /// All rows of a minute, in one batch of any size.
    pub fn read(&self, waiting: &Waiting) -> Result<UsageBatch, SpoolError> {
        rows::read(&waiting.path)
    }

    /// The control plane has all of it.
    pub fn done(&self, waiting: &Waiting) -> Result<(), SpoolError> {
        let removed = fs::remove_file(&waiting.path);
        self.all().remove(waiting);
        match removed {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                Err(SpoolError::Io { path: waiting.path.clone(), source: e })
            }
            _ => Ok(()),
        }
    }

    pub fn rows(&self) -> u64 {
        self.all().values().map(|size| size.rows).sum()
    }

    pub fn bytes(&self) -> u64 {
        self.all().values().map(|size| size.bytes).sum()
    }

    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Rows and files that operators have to look at.
    pub fn set_aside_count(&self) -> u64 {
        self.set_aside.load(Relaxed)
    }

    /// Keeps what the control plane refuses where nothing is removed.
    pub fn set_aside(&self, batch: &UsageBatch) -> Result<(), SpoolError> {
        let path = self.folder.join("refused").join(format!("{}.ndjson", batch.boot));
        let at = |source| SpoolError::Io { path: path.clone(), source };
        let mut line = serde_json::to_vec(batch).map_err(|e| at(e.into()))?;
        line.push(b'\n');
        fs::create_dir_all(self.folder.join("refused")).map_err(at)?;
        let mut file = File::options().create(true).append(true).open(&path).map_err(at)?;
        file.write_all(&line).and_then(|()| file.sync_data()).map_err(at)?;
        self.set_aside.fetch_add(batch.rows.len() as u64, Relaxed);
        Ok(())
    }

    /// Puts a file away that makes no sense.
    pub fn set_file_aside(&self, path: &Path) -> Result<(), SpoolError> {
        let at = |source| SpoolError::Io { path: path.into(), source };
        let part =
            |path: Option<&Path>| path.and_then(Path::file_name).unwrap_or_default().to_owned();
        let mut name = part(path.parent());
        name.push("-");
        name.push(part(Some(path)));
        fs::create_dir_all(self.folder.join("refused")).map_err(at)?;
        fs::rename(path, self.folder.join("refused").join(name)).map_err(at)?;
        self.all().retain(|waiting, _| waiting.path != path);
        self.set_aside.fetch_add(1, Relaxed);
        Ok(())
    }

    /// The process that counted in this page has nothing more to say.
    pub fn forget_page(&self, boot: &str) -> Result<(), SpoolError> {
        let folder = self.folder.join(boot);
        remove(&folder.join(page::NAME))?;
        // Only what is empty is removed: minutes may still wait.
        let _is_empty = fs::remove_dir(&folder).is_ok();
        Ok(())
    }

    /// Takes over what earlier processes left: their pages become rows like all others.
    pub fn take_over(&self, own_boot: &str) -> Result<(), SpoolError> {
        self.lock()?;
        for folder in entries(&self.folder)? {
            let name = folder.file_name().unwrap_or_default();
            if !folder.is_dir() || name == "refused" || name == own_boot {
                continue;
            }
            let page = folder.join(page::NAME);
            if page.exists() {
                self.take_over_page(&page)?;
            }
            for path in entries(&folder)? {
                self.take_over_rows(&path)?;
            }
            let _is_empty = fs::remove_dir(&folder).is_ok();
        }
        Ok(())
    }

    fn take_over_page(&self, path: &Path) -> Result<(), SpoolError> {
        let left = match page::read(path) {
            Ok(left) => left,
            Err(BadPage::Io(source)) => return Err(SpoolError::Io { path: path.into(), source }),
            Err(bad) => {
                tracing::error!(path = %path.display(), error = %bad, "a page is set aside");
                return self.set_file_aside(path);
            }
        };
        let Left { gateway, boot, minute, damaged, .. } = &left;
        let mut kept = rows_of(&left);
        tracing::info!(boot, minute, rows = kept.len(), damaged, "counts of an earlier start");
        let file = path.with_file_name(format!("{minute}.rows"));
        if file.exists() {
            // The process ended between writing the minute and turning to the next.
            match rows::read(&file) {
                Ok(written) => merge(&mut kept, written.rows),
                Err(SpoolError::Damaged { .. }) => self.set_file_aside(&file)?,
                Err(other) => return Err(other),
            }
        }
        if !kept.is_empty() {
            self.keep(gateway, boot, *minute, &kept)?;
        }
        match *damaged > 0 {
            true => self.set_file_aside(path),
            false => remove(path),
        }
    }

    fn take_over_rows(&self, path: &Path) -> Result<(), SpoolError> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(minute) = name.strip_suffix(".rows").and_then(|minute| minute.parse().ok()) else {
            // What was not whole when its process ended.
            return if name.ends_with(".new") { remove(path) } else { Ok(()) };
        };
        match rows::size(path) {
            Ok((rows, bytes)) => {
                self.add(Waiting { minute, path: path.into() }, Size { rows, bytes });
                Ok(())
            }
            Err(damaged @ SpoolError::Damaged { .. }) => {
                tracing::error!(error = %damaged, "a minute is set aside");
                self.set_file_aside(path)
            }
            Err(other) => Err(other),
        }
    }
}

fn rows_of(left: &Left) -> Vec<UsageRow> {
    let row = |found: &super::record::Found| {
        let totals = usage(&found.since);
        let app = found.app.parse().ok()?;
        let key = found.key.clone();
        (!totals.is_zero()).then_some(UsageRow { app, key, minute: left.minute, totals })
    };
    left.records.iter().filter_map(row).collect()
}

/// Rows of the same counters are merged, others added.
fn merge(rows: &mut Vec<UsageRow>, others: Vec<UsageRow>) {
    for other in others {
        match rows.iter_mut().find(|row| row.app == other.app && row.key == other.key) {
            Some(row) => row.totals.merge(&other.totals),
            None => rows.push(other),
        }
    }
}

fn remove(path: &Path) -> Result<(), SpoolError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            Err(SpoolError::Io { path: path.into(), source: e })
        }
        _ => Ok(()),
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, SpoolError> {
    let at = |source| SpoolError::Io { path: folder.into(), source };
    let entries = fs::read_dir(folder).map_err(at)?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(at)).collect()
}
