//! Many short rows in one piece of memory: what a feature says of products, and which texts have it.
//!
//! Owns where the rows lie. It must not know what stands in them. A title reads some hundred rows, each of a few entries:
//! one after the other they cost a fraction of what lists of their own do. A row that grows out of its place moves to the
//! end; what it leaves behind is given back when all rows are written anew. A row that is not there is empty.

/// An entry: a number and its weight.
pub(super) type Weighted = (u32, f32);

/// Entries that come from memory together.
const TOGETHER: usize = 64 / size_of::<Weighted>();

/// Entries a row that grows out of its place gets at least.
const ROOM: u32 = 4;

#[derive(Debug, Clone, Copy, Default)]
struct Place {
    start: usize,
    len: u32,
    room: u32,
}

/// Rows by their numbers, from 0.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    places: Vec<Place>,
    entries: Vec<Weighted>,
}

impl Rows {
    /// Rows there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// One row more, empty.
    pub fn add(&mut self) {
        self.places.push(Place { start: self.entries.len(), len: 0, room: 0 });
    }

    /// One row more, of these entries.
    pub fn add_full(&mut self, row: impl IntoIterator<Item = Weighted>) {
        let start = self.entries.len();
        self.entries.extend(row);
        let len = u32::try_from(self.entries.len() - start).unwrap_or(u32::MAX);
        self.places.push(Place { start, len, room: len });
    }

    /// The entries of a row.
    pub fn get(&self, row: u32) -> &[Weighted] {
        let place = self.places.get(row as usize).copied().unwrap_or_default();
        self.entries.get(place.start..place.start + place.len as usize).unwrap_or_default()
    }

    /// Rows with a weight each, in the order they are asked for.
    pub fn get_all(&self, wanted: &[Weighted]) -> Vec<(&[Weighted], f32)> {
        let rows: Vec<_> = wanted.iter().map(|(row, weight)| (self.get(*row), *weight)).collect();
        // They lie far from each other. Read one right after the other, they come from memory side by side; read when the turn of
        // each comes, every one is waited for: half of the time of a title.
        let mut read = 0u32;
        for (row, _) in &rows {
            for (number, _) in row.iter().step_by(TOGETHER) {
                read ^= *number;
            }
        }
        std::hint::black_box(read);
        rows
    }

    /// The entries of a row, to be changed.
    pub fn get_mut(&mut self, row: u32) -> &mut [Weighted] {
        let place = self.places.get(row as usize).copied().unwrap_or_default();
        self.entries.get_mut(place.start..place.start + place.len as usize).unwrap_or_default()
    }

    /// Puts an entry at a place of a row, at most behind its last.
    pub fn insert(&mut self, row: u32, at: usize, entry: Weighted) {
        let Some(place) = self.places.get_mut(row as usize) else { return };
        if place.len == place.room {
            let (from, start) = (place.start, self.entries.len());
            place.room = (place.len * 2).max(ROOM);
            place.start = start;
            self.entries.resize(start + place.room as usize, (0, 0.0));
            self.entries.copy_within(from..from + place.len as usize, start);
        }
        place.len += 1;
        let whole = self.get_mut(row);
        if let Some(behind) = whole.get_mut(at..) {
            behind.rotate_right(1);
            if let Some(first) = behind.first_mut() {
                *first = entry;
            }
        }
    }

    /// Puts an entry behind the last of a row.
    pub fn push(&mut self, row: u32, entry: Weighted) {
        let len = self.get(row).len();
        self.insert(row, len, entry);
    }

    /// Writes all rows one after the other and gives back what lies between them.
    pub fn pack(&mut self) {
        let mut packed = Self { places: Vec::with_capacity(self.places.len()), entries: Vec::new() };
        packed.entries.reserve_exact(self.places.iter().map(|place| place.len as usize).sum());
        for row in (0u32..).take(self.places.len()) {
            packed.add_full(self.get(row).iter().copied());
        }
        *self = packed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_grow_among_each_other_keep_their_entries_in_order() {
        let mut rows = Rows::default();
        let mut lists: Vec<Vec<Weighted>> = Vec::new();
        for number in 0..7u32 {
            rows.add();
            lists.push(Vec::new());
            for step in 0..20 * number {
                let row = (step * 5 + number) % (number + 1);
                let entry = (step, step as f32);
                let list = &mut lists[row as usize];
                let at = if step % 3 == 0 { list.len() / 2 } else { list.len() };
                list.insert(at, entry);
                rows.insert(row, at, entry);
            }
        }
        rows.push(3, (9, 9.0));
        lists[3].push((9, 9.0));
        let same = |rows: &Rows| (0u32..).zip(&lists).all(|(row, list)| rows.get(row) == list.as_slice());
        assert!(same(&rows) && rows.len() == 7);
        rows.pack();
        assert!(same(&rows) && rows.get(7).is_empty());
        assert_eq!(
            rows.get_all(&[(6, 0.5), (0, 2.0), (9, 1.0)]),
            [(lists[6].as_slice(), 0.5), (lists[0].as_slice(), 2.0), (&[][..], 1.0)]
        );
        rows.get_mut(3)[0].1 = -1.0;
        assert_eq!(rows.get(3)[0].1, -1.0);
    }
}
