//! Events that the control plane does not have yet, on disk.
//!
//! ```text
//! webhooks/{boot}/{ms}-{seq}.log  events of that process from `seq` on, begun at that time
//! webhooks/refused/               what the control plane does not take, for operators
//! ```
//! The folder belongs to the one process that holds the lock of `usage/`.

use super::line;
use contract::webhooks::ChannelEventBatch;
use std::{
    collections::{BTreeMap, VecDeque},
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// A file is followed by the next when it has so many bytes.
const SEGMENT_BYTES: u64 = 4 << 20;
/// A file of what is set aside grows no further than this.
const REFUSED_BYTES: u64 = 16 << 20;
const REFUSED: &str = "refused";
/// What a batch has beside its events, at most.
const ENVELOPE_BYTES: usize = 1 << 10;

pub struct Spool {
    folder: PathBuf,
    boot: Arc<str>,
    limit: u64,
    state: Mutex<State>,
    shown: Notify,
}

#[derive(Default)]
struct State {
    /// The oldest first; the last may still grow.
    segments: VecDeque<Segment>,
    /// The last segment, while it grows.
    active: Option<File>,
    bytes: u64,
}

struct Segment {
    boot: Arc<str>,
    path: PathBuf,
    began_ms: u64,
    /// Bytes that may be read, and those of them that are done with.
    shown: u64,
    shipped: u64,
}

/// Events of one process, to be told together.
#[derive(Debug)]
pub struct Chunk {
    pub boot: Arc<str>,
    /// Each the JSON of an event.
    pub events: Vec<String>,
    /// Lines that are not as they were written.
    pub damaged: u64,
    path: PathBuf,
    end: u64,
}

impl Spool {
    /// With what earlier starts left. A folder that cannot be read is logged and tried again when
    /// there is something to write.
    pub fn open(state_dir: &Path, boot: &str, limit: u64) -> Self {
        let folder = state_dir.join("webhooks");
        let segments = left(&folder, boot).unwrap_or_else(|e| {
            tracing::error!(path = %folder.display(), error = %e, "no folder for webhooks");
            VecDeque::new()
        });
        let bytes = segments.iter().map(|segment| segment.shown).sum();
        let state = Mutex::new(State { segments, active: None, bytes });
        Self { folder, boot: boot.into(), limit, state, shown: Notify::new() }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn bytes(&self) -> u64 {
        self.lock().bytes
    }

    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Whether so many more bytes may be written. The last eighth is kept for what is no chatter.
    pub fn has_room(&self, bytes: usize, is_chatter: bool) -> bool {
        let limit = if is_chatter { self.limit / 8 * 7 } else { self.limit };
        self.bytes() + bytes as u64 <= limit
    }

    /// Unix milliseconds from which on something waits.
    pub fn oldest_ms(&self) -> Option<u64> {
        let state = self.lock();
        state.segments.iter().find(|segment| segment.waits()).map(|segment| segment.began_ms)
    }

    /// Writes lines, of which the first has this number. `before_shown` is done once they are
    /// written and before anybody can ship them.
    ///
    /// Errors: nothing is written then.
    pub fn append(
        &self,
        seq: u64,
        now_ms: u64,
        lines: &[u8],
        before_shown: impl FnOnce(),
    ) -> io::Result<()> {
        let mut state = self.lock();
        let is_full = state.segments.back().is_none_or(|last| last.shown >= SEGMENT_BYTES);
        if state.active.is_none() || is_full {
            self.begin_segment(&mut state, seq, now_ms)?;
        }
        let State { segments, active: Some(file), bytes } = &mut *state else { return Ok(()) };
        let Some(last) = segments.back_mut() else { return Ok(()) };
        if let Err(e) = file.write_all(lines) {
            // What came of it is not read; the next lines must not follow half a line.
            state.active = None;
            return Err(e);
        }
        before_shown();
        last.shown += lines.len() as u64;
        *bytes += lines.len() as u64;
        drop(state);
        self.shown.notify_one();
        Ok(())
    }

    fn begin_segment(&self, state: &mut State, seq: u64, now_ms: u64) -> io::Result<()> {
        state.active = None;
        let folder = self.folder.join(&*self.boot);
        fs::create_dir_all(&folder)?;
        // What could not be written whole is written anew.
        let failed = state.segments.pop_back_if(|last| last.shown == 0);
        failed.map_or(Ok(()), |failed| fs::remove_file(failed.path))?;
        let path = folder.join(format!("{now_ms:013}-{seq:020}.log"));
        state.active = Some(File::options().create_new(true).append(true).open(&path)?);
        let boot = self.boot.clone();
        state.segments.push_back(Segment { boot, path, began_ms: now_ms, shown: 0, shipped: 0 });
        Ok(())
    }

    /// Until something waits.
    pub async fn something(&self) {
        while !self.lock().segments.iter().any(Segment::waits) {
            self.shown.notified().await;
        }
    }

    /// The oldest events that wait, of one process.
    pub fn next(&self) -> io::Result<Option<Chunk>> {
        let Some((boot, path, from, to)) = self.oldest() else { return Ok(None) };
        let mut file = match File::open(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                tracing::error!(path = %path.display(), "events are gone from the disk");
                let chunk = Chunk { boot, events: Vec::new(), damaged: 1, path, end: to };
                return Ok(Some(chunk));
            }
            other => other?,
        };
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        let window = (to - from).min(ChannelEventBatch::MAX_BYTES as u64);
        (&mut file).take(window).read_to_end(&mut bytes)?;
        if !bytes.contains(&b'\n') {
            // One event that is larger than a batch should be goes alone.
            file.take(to - from - bytes.len() as u64).read_to_end(&mut bytes)?;
        }
        let mut chunk = Chunk { boot, events: Vec::new(), damaged: 0, path, end: from };
        chunk.read(&bytes);
        if chunk.end == from {
            // The end of a line that was being written when its process was killed.
            chunk.end = to;
        }
        Ok(Some(chunk))
    }

    fn oldest(&self) -> Option<(Arc<str>, PathBuf, u64, u64)> {
        let state = self.lock();
        let first = state.segments.iter().find(|segment| segment.waits())?;
        Some((first.boot.clone(), first.path.clone(), first.shipped, first.shown))
    }

    /// The control plane has them, or never will.
    pub fn done(&self, chunk: &Chunk) -> io::Result<()> {
        let mut state = self.lock();
        let at = state.segments.iter().position(|segment| segment.path == chunk.path);
        let Some(at) = at else { return Ok(()) };
        state.segments[at].shipped = chunk.end;
        if state.segments[at].waits() {
            return Ok(());
        }
        if at + 1 == state.segments.len() {
            state.active = None;
        }
        let Some(gone) = state.segments.remove(at) else { return Ok(()) };
        state.bytes -= gone.shown;
        drop(state);
        let removed = fs::remove_file(&gone.path);
        if gone.boot != self.boot
            && let Some(folder) = gone.path.parent()
        {
            // Only what is empty is removed.
            let _is_empty = fs::remove_dir(folder).is_ok();
        }
        match removed {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    /// Keeps the body of a request that the control plane refuses, as far as there is room for
    /// that.
    pub fn set_aside(&self, boot: &str, body: &str) -> io::Result<()> {
        let folder = self.folder.join(REFUSED);
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{boot}.ndjson"));
        let mut file = File::options().create(true).append(true).open(path)?;
        if file.metadata()?.len() + body.len() as u64 > REFUSED_BYTES {
            return Ok(());
        }
        file.write_all(format!("{body}\n").as_bytes())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Segment {
    fn waits(&self) -> bool {
        self.shipped < self.shown
    }
}

impl Chunk {
    /// Takes as many whole lines as a batch may have.
    fn read(&mut self, bytes: &[u8]) {
        let mut room = ChannelEventBatch::MAX_BYTES - ENVELOPE_BYTES;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(whole) = line.strip_suffix(b"\n") else { break };
            let is_full = self.events.len() == ChannelEventBatch::MAX_EVENTS;
            if is_full || (whole.len() > room && !self.events.is_empty()) {
                break;
            }
            match line::json(whole) {
                Some(json) => self.events.push(json.to_owned()),
                None => self.damaged += 1,
            }
            room = room.saturating_sub(whole.len());
            self.end += line.len() as u64;
        }
    }
}

/// What processes before left, the oldest of them first.
fn left(folder: &Path, own_boot: &str) -> io::Result<VecDeque<Segment>> {
    let mut boots: BTreeMap<u64, Vec<Segment>> = BTreeMap::new();
    for boot in folders(folder)? {
        let name = boot.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name == REFUSED || name == own_boot {
            continue;
        }
        let of_boot = segments(&boot, name)?;
        // Where nothing waits there may still be what stood, which is read beside this.
        if let Some(began_ms) = of_boot.first().map(|first| first.began_ms) {
            boots.entry(began_ms).or_default().extend(of_boot);
        }
    }
    Ok(boots.into_values().flatten().collect())
}

/// Folders in a folder, none if there is no such folder.
pub fn folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let paths: io::Result<Vec<PathBuf>> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect();
    Ok(paths?.into_iter().filter(|path| path.is_dir()).collect())
}

fn segments(folder: &Path, boot: &str) -> io::Result<Vec<Segment>> {
    let boot: Arc<str> = boot.into();
    let mut segments = Vec::new();
    for path in segment_paths(folder)? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let began_ms = name.split('-').next().and_then(|ms| ms.parse().ok()).unwrap_or_default();
        let shown = fs::metadata(&path)?.len();
        segments.push(Segment { boot: boot.clone(), path, began_ms, shown, shipped: 0 });
    }
    Ok(segments)
}

/// The files of a process's events, in their order.
pub fn segment_paths(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let number = |path: &Path| -> Option<u64> {
        let (_, seq) = path.file_name()?.to_str()?.strip_suffix(".log")?.split_once('-')?;
        seq.parse().ok()
    };
    let mut numbered = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if let Some(seq) = number(&path) {
            numbered.push((seq, path));
        }
    }
    numbered.sort();
    Ok(numbered.into_iter().map(|(_, path)| path).collect())
}
