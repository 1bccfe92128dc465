//! Memory that counters stand in: a part of a file, mapped so that what is added survives the
//! process, or plain memory where there is no file. The one place of the gateway with raw pointers.
//!
//! Everything in it is a word that is only ever touched atomically, so that a shared mapping can be
//! looked at from all threads. Room in the file is reserved before it is mapped: a full disk is an
//! error here, not a SIGBUS later.
#![expect(unsafe_code, reason = "mapping a file, and words at an address that stays valid")]

use std::{
    fs::File,
    io,
    os::{fd::AsRawFd, unix::fs::FileExt},
    ptr::NonNull,
    sync::{Arc, atomic::AtomicU64},
};

pub const WORD: usize = size_of::<u64>();

/// Words at one place, for as long as this lives.
#[derive(Debug)]
pub struct Region {
    words: NonNull<AtomicU64>,
    len: usize,
    is_mapped: bool,
}

// SAFETY: the words are atomics at an address that does not change until `drop`, which takes the
// only `Region` there is for them.
unsafe impl Send for Region {}
// SAFETY: as above; atomics may be used from several threads at once.
unsafe impl Sync for Region {}

impl Region {
    /// Zeroes that end with the process.
    pub fn in_memory(len: usize) -> Self {
        let words: Box<[AtomicU64]> =
            std::iter::repeat_with(AtomicU64::default).take(len).collect();
        let words = NonNull::from(Box::leak(words)).cast();
        Self { words, len, is_mapped: false }
    }

    /// `len` words of `file` from `at`, a multiple of the page size; room for them is reserved
    /// already.
    pub fn mapped(file: &File, at: u64, len: usize) -> io::Result<Self> {
        let at = libc::off_t::try_from(at).map_err(io::Error::other)?;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing of ours; the
        // descriptor is open, and the mapping outlives its closing.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                len * WORD,
                access,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                at,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let words = NonNull::new(start.cast()).ok_or_else(|| io::Error::other("mapped at 0"))?;
        Ok(Self { words, len, is_mapped: true })
    }

    pub fn words(&self) -> &[AtomicU64] {
        // SAFETY: `len` words are there, aligned (a page, or a boxed slice), initialised (any bits
        // are a u64), and never touched but atomically; they stay until `self` is dropped.
        unsafe { std::slice::from_raw_parts(self.words.as_ptr(), self.len) }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        if !self.is_mapped {
            let words = std::ptr::slice_from_raw_parts_mut(self.words.as_ptr(), self.len);
            // SAFETY: this slice is the one that `in_memory` leaked, and nobody borrows it any more.
            drop(unsafe { Box::from_raw(words) });
            return;
        }
        // SAFETY: exactly the mapping that `mapped` made; nobody borrows of it any more.
        let unmapped = unsafe { libc::munmap(self.words.as_ptr().cast(), self.len * WORD) };
        if unmapped != 0 {
            tracing::error!(error = %io::Error::last_os_error(), "counters stay mapped");
        }
    }
}

/// `N` words of a region, found without going through it.
#[derive(Debug)]
pub struct Part<const N: usize> {
    words: NonNull<[AtomicU64; N]>,
    _region: Arc<Region>,
}

// SAFETY: a shared borrow of a region that it keeps alive; see there.
unsafe impl<const N: usize> Send for Part<N> {}
// SAFETY: as above.
unsafe impl<const N: usize> Sync for Part<N> {}

impl<const N: usize> Part<N> {
    /// `None` if the region ends before.
    pub fn of(region: &Arc<Region>, from: usize) -> Option<Self> {
        let (words, _) = region.words().get(from..)?.split_first_chunk::<N>()?;
        Some(Self { words: NonNull::from(words), _region: region.clone() })
    }

    pub fn words(&self) -> &[AtomicU64; N] {
        // SAFETY: within the region, whose words stay where they are while it is held here.
        unsafe { self.words.as_ref() }
    }
}

/// Makes sure that `file` has its bytes from `at` on, on disk and not only in length.
pub fn reserve(file: &File, at: u64, bytes: u64) -> io::Result<()> {
    let (from, len) = (libc::off_t::try_from(at), libc::off_t::try_from(bytes));
    let (from, len) = (from.map_err(io::Error::other)?, len.map_err(io::Error::other)?);
    // SAFETY: a call on an open descriptor; no memory is involved.
    if unsafe { libc::fallocate(file.as_raw_fd(), 0, from, len) } == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        // Not every file system can; writing does the same there.
        Some(libc::EOPNOTSUPP | libc::ENOSYS) => zero(file, at, bytes),
        _ => Err(error),
    }
}

fn zero(file: &File, at: u64, bytes: u64) -> io::Result<()> {
    let zeroes = vec![0; usize::try_from(bytes).map_err(io::Error::other)?];
    file.write_all_at(&zeroes, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metering::tests::folder;
    use std::sync::atomic::Ordering::Relaxed;

    #[test]
    fn what_is_added_in_a_mapping_is_in_the_file() {
        let path = folder("region").join("f");
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path);
        let file = file.unwrap();
        reserve(&file, 0, 8_192).unwrap();
        let region = Arc::new(Region::mapped(&file, 4_096, 512).unwrap());
        let part = Part::<4>::of(&region, 508).expect("inside");
        assert!(Part::<4>::of(&region, 509).is_none(), "one word too far");
        drop(region);
        part.words()[3].fetch_add(7, Relaxed);
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len(), 8_192);
        assert_eq!(bytes[8_184..], 7_u64.to_ne_bytes());
    }

    #[test]
    fn memory_starts_as_zeroes() {
        let region = Region::in_memory(3);
        assert!(region.words().iter().all(|word| word.load(Relaxed) == 0));
        assert_eq!(region.words().len(), 3);
    }

    #[test]
    fn a_file_system_that_cannot_reserve_is_written_to() {
        let path = folder("zero").join("f");
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path);
        zero(&file.unwrap(), 4_096, 4_096).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 8_192);
    }
}
