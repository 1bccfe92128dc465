//! The file that a process counts in: `usage/{boot}/live.page`.
//!
//! ```text
//! head      4 KiB: what it is, whose, and which minute is being counted, on which side
//! chunk …   records; each chunk is reserved on the disk before it is mapped
//! ```
//! A file is there under its name only once its head is whole. Whatever instant the process is
//! killed at, the file says what was counted up to then.

use super::{
    cells::Cell,
    record::{
        self, Found, RECORD_WORDS, Readable, Record, Side, TEXT_WORDS, pack, record_words, unpack,
    },
    region::{self, Part, Region, WORD},
};
use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Release},
    },
};

pub const NAME: &str = "live.page";

const MAGIC: u64 = u64::from_le_bytes(*b"sbxusage");
const VERSION: u64 = 1;
const HEAD_BYTES: usize = 4_096;
/// Words of the head: magic, version, cells of a record, minute and side, then two names.
const CELLS_AT: usize = 2;
const TURN_AT: usize = 3;
const BOOT_AT: usize = 4;
const GATEWAY_AT: usize = BOOT_AT + TEXT_WORDS;
const NAMED_WORDS: usize = GATEWAY_AT + TEXT_WORDS;
/// Grown by so much at a time: room for two hundred meters.
pub const CHUNK_BYTES: usize = 256 << 10;

/// The minute that is being counted, and the side its beginning is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    pub minute: u64,
    pub side: Side,
}

impl Turn {
    pub fn first(minute: u64) -> Self {
        Self { minute, side: Side::Zero }
    }

    pub fn next(self, minute: u64) -> Self {
        Self { minute, side: self.side.other() }
    }

    fn word(self) -> u64 {
        self.minute << 1 | u64::from(self.side == Side::One)
    }

    fn of(word: u64) -> Self {
        Self { minute: word >> 1, side: Side::of(word) }
    }
}

/// How room is made sure of; tests have disks that are full.
pub type Reserve = fn(&File, u64, u64) -> io::Result<()>;

/// A page that is being counted in.
#[derive(Debug)]
pub struct Page {
    file: File,
    head: Region,
    /// The chunk with free places, and the next of them.
    chunk: Option<(Arc<Region>, usize)>,
    /// Places that were given back.
    free: Vec<Part<RECORD_WORDS>>,
    bytes: u64,
    reserve: Reserve,
}

impl Page {
    /// Errors: no room for the head, or the folder cannot be written to.
    pub fn create(
        folder: &Path,
        gateway: &str,
        boot: &str,
        turn: Turn,
        reserve: Reserve,
    ) -> io::Result<Self> {
        let temporary = folder.join("page.new");
        let file =
            File::options().read(true).write(true).create(true).truncate(true).open(&temporary)?;
        reserve(&file, 0, HEAD_BYTES as u64)?;
        let mut words = [0; NAMED_WORDS];
        words[..BOOT_AT].copy_from_slice(&[MAGIC, VERSION, Cell::COUNT as u64, turn.word()]);
        words[BOOT_AT..GATEWAY_AT].copy_from_slice(&pack(boot));
        words[GATEWAY_AT..].copy_from_slice(&pack(gateway));
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        file.write_all_at(&bytes, 0)?;
        let head = Region::mapped(&file, 0, HEAD_BYTES / WORD)?;
        fs::rename(&temporary, folder.join(NAME))?;
        let (chunk, free) = Default::default();
        Ok(Self { file, head, chunk, free, bytes: HEAD_BYTES as u64, reserve })
    }

    pub fn turn(&self, turn: Turn) {
        let word: &AtomicU64 = &self.head.words()[TURN_AT];
        word.store(turn.word(), Release);
    }

    /// A place for one more meter. Errors: there is no room on the disk.
    pub fn begin(&mut self, app: &str, key: &str) -> io::Result<Record> {
        if let Some(part) = self.free.pop() {
            return Ok(Record::begin(part, app, key));
        }
        let free = self.chunk.take().and_then(|(chunk, at)| {
            let part = Part::<RECORD_WORDS>::of(&chunk, at)?;
            Some((part, chunk, at))
        });
        let (part, chunk, at) = match free {
            Some(free) => free,
            None => {
                let chunk = Arc::new(self.grow()?);
                let part = Part::of(&chunk, 0);
                (part.ok_or_else(|| io::Error::other("a chunk holds no record"))?, chunk, 0)
            }
        };
        self.chunk = Some((chunk, at + RECORD_WORDS));
        Ok(Record::begin(part, app, key))
    }

    /// Takes a place back.
    pub fn end(&mut self, record: Record) {
        self.free.push(record.end());
    }

    fn grow(&mut self) -> io::Result<Region> {
        (self.reserve)(&self.file, self.bytes, CHUNK_BYTES as u64)?;
        let region = Region::mapped(&self.file, self.bytes, CHUNK_BYTES / WORD)?;
        self.bytes += CHUNK_BYTES as u64;
        Ok(region)
    }
}

pub fn reserve(file: &File, at: u64, bytes: u64) -> io::Result<()> {
    region::reserve(file, at, bytes)
}

/// What a page of a process that is no more says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    pub gateway: String,
    pub boot: String,
    pub minute: u64,
    pub records: Vec<Found>,
    /// Records that make no sense.
    pub damaged: usize,
}

/// Why a file is no page.
#[derive(Debug, thiserror::Error)]
pub enum BadPage {
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("it is no page of counters")]
    Foreign,
    #[error("it is of version {0}, which this program does not know")]
    Version(u64),
}

/// Reads the page that a process left.
pub fn read(path: &Path) -> Result<Left, BadPage> {
    let bytes = fs::read(path)?;
    let (head, chunks) = bytes.split_at_checked(HEAD_BYTES).ok_or(BadPage::Foreign)?;
    let head = words(head);
    if head[0] != MAGIC {
        return Err(BadPage::Foreign);
    }
    if head[1] != VERSION {
        return Err(BadPage::Version(head[1]));
    }
    let cells = usize::try_from(head[CELLS_AT]).ok().filter(|n| (1..=1_024).contains(n));
    let cells = cells.ok_or(BadPage::Foreign)?;
    let name = |at: usize| unpack(&head[at..at + TEXT_WORDS]).ok_or(BadPage::Foreign);
    let turn = Turn::of(head[TURN_AT]);
    let (boot, gateway) = (name(BOOT_AT)?, name(GATEWAY_AT)?);
    let mut left = Left { gateway, boot, minute: turn.minute, records: Vec::new(), damaged: 0 };
    for chunk in chunks.chunks_exact(CHUNK_BYTES) {
        for record in words(chunk).chunks_exact(record_words(cells)) {
            match record::read_back(record, cells, turn.side) {
                Readable::Found(found) => left.records.push(*found),
                Readable::Damaged => left.damaged += 1,
                Readable::Empty => {}
            }
        }
    }
    Ok(left)
}

fn words(bytes: &[u8]) -> Vec<u64> {
    let (words, _) = bytes.as_chunks::<WORD>();
    words.iter().map(|word| u64::from_ne_bytes(*word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metering::tests::folder;
    use std::sync::atomic::Ordering::Relaxed;

    fn given(name: &str) -> (std::path::PathBuf, Page) {
        let folder = folder(name);
        let page = Page::create(&folder, "g1", "b1", Turn::first(100), reserve).unwrap();
        (folder, page)
    }

    #[test]
    fn a_page_is_read_back_as_it_was_written() {
        let (folder, mut page) = given("page");
        let many = 3 * CHUNK_BYTES / WORD / RECORD_WORDS;
        let records: Vec<Record> =
            (0..many).map(|n| page.begin("app", &n.to_string()).unwrap()).collect();
        for (n, record) in records.iter().enumerate() {
            record.live()[0].fetch_add(n as u64, Relaxed);
        }
        let left = read(&folder.join(NAME)).unwrap();
        assert_eq!((left.gateway.as_str(), left.boot.as_str(), left.minute), ("g1", "b1", 100));
        assert_eq!((left.records.len(), left.damaged), (many, 0));
        for (n, found) in left.records.iter().enumerate() {
            assert_eq!((found.key.clone(), found.since[0]), (n.to_string(), n as u64));
        }
        for record in &records {
            record.close(Side::Zero);
        }
        page.turn(Turn::first(100).next(101));
        let left = read(&folder.join(NAME)).unwrap();
        assert_eq!(left.minute, 101);
        assert!(left.records.iter().all(|found| found.since[0] == 0));
    }

    #[test]
    fn a_full_disk_is_an_error_and_leaves_what_there_is() {
        let (folder, mut page) = given("full");
        let record = page.begin("app", "k").unwrap();
        record.live()[0].fetch_add(5, Relaxed);
        page.reserve = |_, _, _| Err(io::ErrorKind::StorageFull.into());
        let more = std::iter::repeat_with(|| page.begin("app", "k2")).take_while(Result::is_ok);
        assert_eq!(more.count(), CHUNK_BYTES / WORD / RECORD_WORDS - 1, "what was reserved");
        assert_eq!(page.begin("app", "k3").unwrap_err().kind(), io::ErrorKind::StorageFull);
        page.reserve = reserve;
        page.begin("app", "k3").expect("room again");
        let left = read(&folder.join(NAME)).unwrap();
        let found = left.records.iter().find(|found| found.key == "k").expect("as before");
        assert_eq!(found.since[0], 5);
        assert!(left.records.iter().any(|found| found.key == "k3"));
    }

    #[test]
    fn a_place_that_was_given_back_is_given_out_again() {
        let (folder, mut page) = given("again");
        let record = page.begin("app", "old").unwrap();
        record.live()[0].fetch_add(5, Relaxed);
        page.end(record);
        assert!(read(&folder.join(NAME)).unwrap().records.is_empty());
        page.begin("app", "new").unwrap();
        let left = read(&folder.join(NAME)).unwrap();
        let found: Vec<_> = left.records.iter().map(|f| (f.key.as_str(), f.since[0])).collect();
        assert_eq!(found, [("new", 0)]);
    }

    #[test]
    fn what_is_no_page_is_told_apart() {
        let (folder, page) = given("foreign");
        drop(page);
        let whole = fs::read(folder.join(NAME)).unwrap();
        let path = folder.join("other");
        let read_with = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = whole.clone();
            change(&mut bytes);
            fs::write(&path, bytes).unwrap();
            read(&path)
        };
        assert!(read_with(&|_| {}).is_ok());
        assert!(matches!(read_with(&|b| b[0] ^= 1), Err(BadPage::Foreign)));
        assert!(matches!(read_with(&|b| b[8] = 9), Err(BadPage::Version(9))));
        assert!(matches!(read_with(&|b| b[16..24].fill(255)), Err(BadPage::Foreign)));
        assert!(matches!(read_with(&|b| b.truncate(4_095)), Err(BadPage::Foreign)));
        let grown = read_with(&|b| b.extend([7; 100])).expect("a chunk that is not whole is none");
        assert!(grown.records.is_empty());
    }
}
