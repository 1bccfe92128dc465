//! Newline-delimited text from a stream of chunks, with lines of bounded length.

/// Collects chunks and gives out whole lines.
#[derive(Debug, Default)]
pub struct Lines {
    buffer: Vec<u8>,
    /// How far the buffer was searched without finding a line feed.
    searched: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line is longer than {max} bytes")]
pub struct LineTooLong {
    pub max: usize,
}

impl Lines {
    /// An app's record with everything at its limit stays far below.
    pub const MAX_BYTES: usize = 1 << 20;

    pub fn push(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// Every whole line so far, without its line feed. Blank lines are left out.
    pub fn drain(&mut self, mut each: impl FnMut(&[u8])) -> Result<(), LineTooLong> {
        let mut start = 0;
        while let Some(at) = memchr::memchr(b'\n', &self.buffer[self.searched..]) {
            let end = self.searched + at;
            let line = self.buffer[start..end].trim_ascii();
            if line.len() > Self::MAX_BYTES {
                return Err(LineTooLong { max: Self::MAX_BYTES });
            }
            if !line.is_empty() {
                each(line);
            }
            start = end + 1;
            self.searched = start;
        }
        self.buffer.drain(..start);
        self.searched = self.buffer.len();
        match self.buffer.len() > Self::MAX_BYTES {
            true => Err(LineTooLong { max: Self::MAX_BYTES }),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&str]) -> Vec<String> {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for chunk in chunks {
            lines.push(chunk.as_bytes());
            lines.drain(|line| found.push(String::from_utf8_lossy(line).into_owned())).unwrap();
        }
        found
    }

    #[test]
    fn lines_are_whole_however_they_were_cut() {
        assert_eq!(lines(&["a\nb", "c\n\r\n", "\n", "d"]), ["a", "bc"]);
        assert_eq!(lines(&["a", "b", "\n"]), ["ab"]);
    }

    #[test]
    fn a_line_at_the_limit_passes_and_one_more_byte_does_not() {
        let mut lines = Lines::default();
        lines.push(&vec![b'x'; Lines::MAX_BYTES]);
        assert_eq!(lines.drain(|_| panic!("no line yet")), Ok(()));
        lines.push(b"\n");
        assert_eq!(lines.drain(|line| assert_eq!(line.len(), Lines::MAX_BYTES)), Ok(()));
        lines.push(&vec![b'x'; Lines::MAX_BYTES + 1]);
        assert!(lines.drain(|_| ()).is_err(), "not kept for a line feed that may never come");
    }
}
