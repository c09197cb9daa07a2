//! The lines a child process writes, bounded.
//!
//! Owns the cutting of a stream of bytes into lines without ever holding more than the cap and one piece of the pipe.
//! It must not know what a line means. A line beyond the cap is skipped to its end and told with its beginning and its
//! length; an unreadable pipe is its end.

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Longest line, in bytes.
pub const MAX_LINE: usize = 8 * 1024 * 1024;

/// What is kept of a line that is longer, in bytes.
pub const KEPT: usize = 2 * 1024;

/// Read at once from the pipe, in bytes: what a pipe of Linux holds.
const PIECE: usize = 64 * 1024;

/// One line, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A line.
    Whole(Bytes),
    /// The last line, whose end never came: it may be cut off.
    Unended(Bytes),
    /// A line beyond the cap.
    TooLong {
        /// Its beginning.
        head: Bytes,
        /// Its length in bytes.
        bytes: u64,
    },
}

/// Lines of a pipe.
pub struct Lines<R> {
    pipe: R,
    held: BytesMut,
    /// How far `held` was searched for a line end.
    searched: usize,
    /// Beginning and length of the line that is being skipped.
    skipped: Option<(Bytes, u64)>,
    cap: usize,
    over: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Lines of at most `cap` bytes.
    pub fn new(pipe: R, cap: usize) -> Self {
        Self { pipe, held: BytesMut::new(), searched: 0, skipped: None, cap, over: false }
    }

    /// The next line; none at the end. Cancel safe: what was read stays.
    pub async fn next(&mut self) -> Option<Line> {
        loop {
            if let Some(line) = self.cut() {
                return Some(line);
            }
            if self.over {
                return self.last();
            }
            self.held.reserve(PIECE);
            let read = self.pipe.read_buf(&mut self.held).await.unwrap_or(0);
            self.over = read == 0;
        }
    }

    /// Drops what was read and not given out yet, but for its last `kept` lines and the beginning of the next; how many
    /// bytes. A flood costs hardly more than its reading that way.
    pub fn pass_over(&mut self, kept: usize) -> u64 {
        // The end of a line that is being skipped must be seen.
        if self.skipped.is_some() {
            return 0;
        }
        let mut ends = self.held.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
        let Some(passed) = ends.nth(kept).map(|(end, _)| end + 1) else { return 0 };
        self.held.advance(passed);
        self.searched = self.searched.saturating_sub(passed);
        passed as u64
    }

    fn cut(&mut self) -> Option<Line> {
        let unseen = self.held.get(self.searched..).unwrap_or_default();
        let Some(end) = unseen.iter().position(|byte| *byte == b'\n').map(|at| self.searched + at) else {
            self.searched = self.held.len();
            if let Some((_, bytes)) = &mut self.skipped {
                *bytes += self.held.len() as u64;
                self.forget();
            } else if self.held.len() > self.cap {
                self.skipped = Some((self.head(), self.held.len() as u64));
                self.forget();
            }
            return None;
        };
        self.searched = 0;
        if let Some((head, bytes)) = self.skipped.take() {
            self.held.advance(end + 1);
            return Some(Line::TooLong { head, bytes: bytes + end as u64 });
        }
        if end > self.cap {
            let head = self.head();
            self.held.advance(end + 1);
            return Some(Line::TooLong { head, bytes: end as u64 });
        }
        let line = self.held.split_to(end).freeze();
        self.held.advance(1);
        Some(Line::Whole(line))
    }

    fn last(&mut self) -> Option<Line> {
        if let Some((head, bytes)) = self.skipped.take() {
            return Some(Line::TooLong { head, bytes });
        }
        self.searched = 0;
        let rest = self.held.split().freeze();
        (!rest.is_empty()).then_some(Line::Unended(rest))
    }

    fn head(&self) -> Bytes {
        Bytes::copy_from_slice(self.held.get(..KEPT.min(self.held.len())).unwrap_or_default())
    }

    /// Drops what is held, the room for it included: a line of eight MiB must not stay.
    fn forget(&mut self) {
        self.held = BytesMut::new();
        self.searched = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(text: &[u8], cap: usize) -> Vec<Line> {
        let mut lines = Lines::new(text, cap);
        let mut found = Vec::new();
        while let Some(line) = lines.next().await {
            found.push(line);
        }
        found
    }

    fn whole(text: &'static str) -> Line {
        Line::Whole(Bytes::from_static(text.as_bytes()))
    }

    #[tokio::test]
    async fn lines_are_cut_and_the_last_one_without_an_end_is_told_apart() {
        assert_eq!(
            lines(b"a\n\nbc\nd", 10).await,
            [whole("a"), whole(""), whole("bc"), Line::Unended(Bytes::from_static(b"d"))]
        );
        assert!(lines(b"", 10).await.is_empty());
    }

    #[tokio::test]
    async fn flood_is_passed_over_but_for_its_last_lines() {
        let text: String = (0..1_000).map(|number| format!("{number}\n")).collect();
        let mut lines = Lines::new(text.as_bytes(), 10);
        assert_eq!(lines.pass_over(2), 0, "nothing was read yet");
        assert_eq!(lines.next().await, Some(whole("0")));
        assert_eq!(lines.pass_over(2), text.len() as u64 - 2 - "998\n999\n".len() as u64);
        assert_eq!((lines.next().await, lines.pass_over(2)), (Some(whole("998")), 0));
        assert_eq!((lines.next().await, lines.next().await), (Some(whole("999")), None));
        // A line that is being skipped is told with its length all the same.
        let text = format!("{}\nb\n", "x".repeat(200_000));
        let mut lines = Lines::new(text.as_bytes(), 10);
        while lines.skipped.is_none() {
            lines.held.reserve(PIECE);
            lines.pipe.read_buf(&mut lines.held).await.expect("read");
            assert_eq!(lines.cut(), None);
        }
        lines.pass_over(0);
        assert!(matches!(lines.next().await, Some(Line::TooLong { bytes: 200_000, .. })));
        assert_eq!(lines.next().await, Some(whole("b")));
    }

    #[tokio::test]
    async fn line_beyond_the_cap_is_skipped_with_its_length_and_its_neighbours_are_read() {
        let text = format!("a\n{}\nb\n", "x".repeat(300_000));
        let found = lines(text.as_bytes(), 1_000).await;
        assert_eq!((&found[0], &found[2]), (&whole("a"), &whole("b")));
        let Line::TooLong { head, bytes } = &found[1] else { panic!("{found:?}") };
        assert_eq!((head.len(), *bytes), (KEPT, 300_000));
        let unended = lines(&text.as_bytes()[..200_000], 1_000).await;
        assert!(matches!(&unended[1], Line::TooLong { bytes: 199_998, .. }), "{unended:?}");
    }
}
