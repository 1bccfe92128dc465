//! The counters of one meter, in memory or in the page.
//!
//! ```text
//! head    state · app · key
//! live    every cell, since the boot
//! base 0  what `live` was when the minute began: one of the two holds,
//! base 1  the other is being written for the next minute
//! ```
//! Nothing is ever taken out of `live`, so that no addition can be lost to a minute that ends: a
//! minute's totals are the difference of two readings.

use super::{
    cells::{Cell, Values},
    region::{Part, Region},
};
use std::sync::{
    Arc,
    atomic::{
        AtomicU64,
        Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
        fence,
    },
};

pub const HEAD_WORDS: usize = 24;
/// Whole cache lines, so that no two meters share one.
pub const RECORD_WORDS: usize = (HEAD_WORDS + 3 * Cell::COUNT).next_multiple_of(8);
/// Words for each text in the head.
pub const TEXT_WORDS: usize = 8;
pub const MAX_TEXT_BYTES: usize = TEXT_WORDS * 8;

/// Which base holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Zero,
    One,
}

impl Side {
    pub fn other(self) -> Self {
        match self {
            Self::Zero => Self::One,
            Self::One => Self::Zero,
        }
    }

    /// Of a word whose lowest bit says it.
    pub fn of(word: u64) -> Self {
        if word & 1 == 0 { Self::Zero } else { Self::One }
    }
}

#[derive(Debug)]
pub struct Record(Part<RECORD_WORDS>);

/// Both ends of a minute so far.
pub struct Ends {
    /// What was counted in it.
    pub since: Values,
    pub live: Values,
}

/// A record as it was read back from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub app: String,
    pub key: String,
    pub since: Values,
}

/// What [`read_back`] made of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readable {
    Found(Box<Found>),
    /// Never used, or its head was never finished: then nothing was counted in it either.
    Empty,
    Damaged,
}

impl Record {
    /// A place in memory, which needs no name.
    pub fn in_memory() -> Self {
        let region = Arc::new(Region::in_memory(RECORD_WORDS));
        match Part::of(&region, 0) {
            Some(part) => Self(part),
            None => unreachable!("the region was made for one record"),
        }
    }

    /// Begins a record at a place of the page that is all zeroes. The head becomes valid last.
    pub fn begin(part: Part<RECORD_WORDS>, app: &str, key: &str) -> Self {
        let head = part.words();
        let (names, _) = head[1..].split_at(2 * TEXT_WORDS);
        for (words, text) in names.chunks(TEXT_WORDS).zip([app, key]) {
            for (word, value) in words.iter().zip(pack(text)) {
                word.store(value, Relaxed);
            }
        }
        head[0].store(state(&pack(app), &pack(key)), Release);
        Self(part)
    }

    /// Gives the place back, all zeroes again. The head goes first: half a record that is still
    /// valid would say what was never counted.
    pub fn end(self) -> Part<RECORD_WORDS> {
        let (head, rest) = self.0.words().split_at(1);
        head[0].store(0, Release);
        fence(SeqCst);
        for word in rest {
            word.store(0, Relaxed);
        }
        self.0
    }

    pub fn live(&self) -> &[AtomicU64; Cell::COUNT] {
        self.cells(0)
    }

    fn base(&self, side: Side) -> &[AtomicU64; Cell::COUNT] {
        match side {
            Side::Zero => self.cells(1),
            Side::One => self.cells(2),
        }
    }

    fn cells(&self, nth: usize) -> &[AtomicU64; Cell::COUNT] {
        let (_, rest) = self.0.words().split_at(HEAD_WORDS + nth * Cell::COUNT);
        match rest.first_chunk() {
            Some(cells) => cells,
            None => unreachable!("a record has room for three sets of cells"),
        }
    }

    pub fn values(&self) -> Values {
        load(self.live())
    }

    pub fn since(&self, side: Side) -> Ends {
        let live = self.values();
        Ends { since: difference(&live, &load(self.base(side))), live }
    }

    /// As [`Record::since`], with the other base set to where the minute ends.
    pub fn close(&self, side: Side) -> Ends {
        let ends = self.since(side);
        for (next, value) in self.base(side.other()).iter().zip(ends.live) {
            // Most records of many have not changed: their pages stay clean.
            if next.load(Relaxed) != value {
                next.store(value, Relaxed);
            }
        }
        ends
    }

    pub fn peaked(&self, open: u64) {
        let peak = &self.live()[Cell::ConnectionsPeak as usize];
        if peak.load(Relaxed) < open {
            peak.fetch_max(open, AcqRel);
        }
    }

    pub fn forget_peak(&self) {
        self.live()[Cell::ConnectionsPeak as usize].swap(0, AcqRel);
    }
}

fn load(cells: &[AtomicU64; Cell::COUNT]) -> Values {
    cells.each_ref().map(|cell| cell.load(Acquire))
}

/// The peak is what it is; all others count on from the base.
fn difference(live: &Values, base: &Values) -> Values {
    std::array::from_fn(|place| match place == Cell::ConnectionsPeak as usize {
        true => live[place],
        false => live[place].wrapping_sub(base[place]),
    })
}

/// A record out of the bytes of a file that was written with `cells` cells.
pub fn read_back(words: &[u64], cells: usize, side: Side) -> Readable {
    let names = &words[1..=2 * TEXT_WORDS];
    let (app, key) = names.split_at(TEXT_WORDS);
    match words[0] {
        0 => return Readable::Empty,
        written if written != state(app, key) => return Readable::Damaged,
        _ => {}
    }
    let (Some(app), Some(key)) = (unpack(app), unpack(key)) else { return Readable::Damaged };
    let set = |nth: usize| {
        let mut values = [0; Cell::COUNT];
        let from = HEAD_WORDS + nth * cells;
        let known = cells.min(Cell::COUNT);
        values[..known].copy_from_slice(&words[from..from + known]);
        values
    };
    let base = if side == Side::Zero { 1 } else { 2 };
    let since = difference(&set(0), &set(base));
    Readable::Found(Box::new(Found { app, key, since }))
}

/// How long a record is in a file that was written with `cells` cells.
pub fn record_words(cells: usize) -> usize {
    (HEAD_WORDS + 3 * cells).next_multiple_of(8)
}

/// A valid head's first word: a checksum of the names, and a bit that zeroes do not have.
fn state(app: &[u64], key: &[u64]) -> u64 {
    let mut checksum = crc32fast::Hasher::new();
    for word in app.iter().chain(key) {
        checksum.update(&word.to_le_bytes());
    }
    1 << 32 | u64::from(checksum.finalize())
}

pub fn pack(text: &str) -> [u64; TEXT_WORDS] {
    let mut bytes = [0; MAX_TEXT_BYTES];
    let len = text.len().min(MAX_TEXT_BYTES);
    bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
    let (words, _) = bytes.as_chunks::<8>();
    std::array::from_fn(|nth| u64::from_le_bytes(words[nth]))
}

pub fn unpack(words: &[u64]) -> Option<String> {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let len = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let is_padded = bytes[len..].iter().all(|b| *b == 0);
    is_padded.then(|| String::from_utf8(bytes[..len].to_vec()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(record: &Record) -> Vec<u64> {
        record.0.words().iter().map(|word| word.load(Relaxed)).collect()
    }

    fn given() -> Record {
        let region = Arc::new(Region::in_memory(RECORD_WORDS));
        Record::begin(Part::of(&region, 0).unwrap(), "100042", "a-key")
    }

    fn published(record: &Record, n: u64) {
        record.live()[Cell::Published as usize].fetch_add(n, Relaxed);
    }

    fn found(words: &[u64], side: Side) -> (String, String, u64) {
        match read_back(words, Cell::COUNT, side) {
            Readable::Found(found) => (found.app, found.key, found.since[0]),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_minute_is_what_came_since_its_side_was_turned_to() {
        let record = given();
        published(&record, 5);
        assert_eq!(record.since(Side::Zero).since[0], 5);
        assert_eq!(record.close(Side::Zero).since[0], 5);
        published(&record, 2);
        assert_eq!(record.since(Side::Zero).since[0], 7, "not turned yet");
        assert_eq!(record.since(Side::One).since[0], 2, "turned");
        assert_eq!(record.close(Side::One).since[0], 2);
        assert_eq!(record.since(Side::Zero).since[0], 0);
        assert_eq!(record.values()[0], 7, "nothing is taken out");
    }

    #[test]
    fn a_peak_is_of_its_minute_alone() {
        let record = given();
        for open in [3, 9, 4] {
            record.peaked(open);
        }
        let peak = |ends: Ends| ends.since[Cell::ConnectionsPeak as usize];
        assert_eq!(peak(record.close(Side::Zero)), 9);
        record.forget_peak();
        record.peaked(4);
        assert_eq!(peak(record.since(Side::One)), 4);
    }

    #[test]
    fn what_was_counted_is_read_back_whichever_side_holds() {
        let record = given();
        published(&record, 5);
        record.close(Side::Zero);
        published(&record, 2);
        let words = words_of(&record);
        assert_eq!(found(&words, Side::Zero), ("100042".into(), "a-key".into(), 7));
        assert_eq!(found(&words, Side::One), ("100042".into(), "a-key".into(), 2));
    }

    #[test]
    fn a_place_that_is_given_back_is_as_new() {
        let record = given();
        published(&record, 5);
        record.close(Side::Zero);
        let part = record.end();
        assert!(part.words().iter().all(|word| word.load(Relaxed) == 0));
    }

    #[test]
    fn a_head_that_is_not_whole_is_nobodys() {
        let whole = words_of(&given());
        assert_eq!(read_back(&vec![0; RECORD_WORDS], Cell::COUNT, Side::Zero), Readable::Empty);
        for torn in 0..=2 * TEXT_WORDS {
            let mut words = whole.clone();
            words[torn] ^= 1 << 40;
            let read = read_back(&words, Cell::COUNT, Side::Zero);
            assert_eq!(read, Readable::Damaged, "word {torn}");
        }
        let mut unfinished = whole;
        unfinished[0] = 0;
        assert_eq!(read_back(&unfinished, Cell::COUNT, Side::Zero), Readable::Empty);
    }

    #[test]
    fn files_of_other_versions_are_read_as_far_as_both_know() {
        for cells in [Cell::COUNT - 3, Cell::COUNT + 3] {
            let mut words = words_of(&given());
            words.resize(record_words(cells), 0);
            words[HEAD_WORDS + 2] = 11;
            words[HEAD_WORDS + cells + 2] = 4;
            let Readable::Found(found) = read_back(&words, cells, Side::Zero) else { panic!() };
            assert_eq!(found.since[2], 7, "{cells} cells");
        }
    }

    #[test]
    fn names_are_kept_up_to_their_longest() {
        for text in ["", "a", &"x".repeat(MAX_TEXT_BYTES)] {
            assert_eq!(unpack(&pack(text)).as_deref(), Some(text));
        }
    }
}
