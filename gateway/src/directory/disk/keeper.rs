//! The thread that writes. A disk that is full or gone costs durability, never service: the
//! directory goes on from memory, an alarm says so, and a whole new generation is written as soon
//! as the disk takes one.

use crate::directory::{Alarm, Directory, disk::Store};
use contract::directory::Entry;
use std::{
    io,
    path::PathBuf,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};
use tokio::sync::oneshot;

/// A handle to the writing thread, which ends with the last handle.
#[derive(Clone, Debug)]
pub struct DiskKeeper(Sender<Command>);

#[derive(Debug)]
struct Command {
    what: What,
    done: oneshot::Sender<bool>,
}

#[derive(Debug)]
enum What {
    Append(Vec<Entry>),
    /// The log no longer tells what is in memory: write everything.
    Renew,
}

/// Whether something reached the disk, once that is known.
#[derive(Debug)]
#[must_use]
pub struct Persisted(oneshot::Receiver<bool>);

impl Persisted {
    pub async fn wait(self, patience: Duration) -> bool {
        matches!(tokio::time::timeout(patience, self.0).await, Ok(Ok(true)))
    }
}

impl DiskKeeper {
    /// How soon a failing disk is tried again.
    const RETRY: Duration = Duration::from_secs(1);
    /// Commands that share one sync.
    const BATCH: usize = 1_024;

    /// `store` is what loading left open; without it the first write makes a new generation.
    pub fn start(directory: Directory, folder: PathBuf, store: Option<Store>) -> io::Result<Self> {
        let (sender, commands) = channel();
        let writer = Writer { directory, folder, store, failing: false };
        thread::Builder::new()
            .name("directory-disk".into())
            .spawn(move || writer.run(&commands))?;
        Ok(Self(sender))
    }

    pub fn append(&self, entries: Vec<Entry>) -> Persisted {
        self.send(What::Append(entries))
    }

    pub fn renew(&self) -> Persisted {
        self.send(What::Renew)
    }

    fn send(&self, what: What) -> Persisted {
        let (done, persisted) = oneshot::channel();
        if self.0.send(Command { what, done }).is_err() {
            tracing::error!("the directory's disk thread is gone");
        }
        Persisted(persisted)
    }
}

struct Writer {
    directory: Directory,
    folder: PathBuf,
    store: Option<Store>,
    failing: bool,
}

impl Writer {
    fn run(mut self, commands: &Receiver<Command>) {
        loop {
            let patience = if self.failing { DiskKeeper::RETRY } else { Duration::MAX };
            match commands.recv_timeout(patience) {
                Ok(first) => {
                    let rest = commands.try_iter().take(DiskKeeper::BATCH);
                    self.take(std::iter::once(first).chain(rest));
                }
                Err(RecvTimeoutError::Timeout) => drop(self.write(&[])),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn take(&mut self, commands: impl Iterator<Item = Command>) {
        let (mut entries, mut waiting) = (Vec::new(), Vec::new());
        for command in commands {
            match command.what {
                What::Append(more) => entries.extend(more),
                What::Renew => self.store = None,
            }
            waiting.push(command.done);
        }
        let persisted = self.write(&entries);
        for done in waiting {
            // Whoever asked may have stopped waiting.
            let _ = done.send(persisted);
        }
    }

    fn write(&mut self, entries: &[Entry]) -> bool {
        let written = self.try_write(entries);
        let status = self.directory.status();
        match &written {
            Ok(()) if self.failing => tracing::info!("the directory's disk copy is whole again"),
            Ok(()) => {}
            Err(e) => {
                self.store = None;
                status.raise(Alarm::DiskUnavailable);
                if !self.failing {
                    tracing::error!(error = %e, "the directory's disk copy cannot be written");
                }
            }
        }
        self.failing = written.is_err();
        status.set_disk_failing(self.failing);
        written.is_ok()
    }

    fn try_write(&mut self, entries: &[Entry]) -> io::Result<()> {
        if let Some(store) = &mut self.store {
            store.append(entries)?;
            if !store.is_due_for_compaction() {
                return Ok(());
            }
        }
        let export = self.directory.export();
        let (revision, count) = (export.revision, export.len());
        self.store = Some(Store::create(&self.folder, revision, count, export.into_entries())?);
        Ok(())
    }
}
