//! Who hears a channel, or watches a user: a set of connections, counted by origin.

use crate::OriginId;
use contract::SocketId;
use rustc_hash::FxHashSet;
use smallvec::SmallVec;

/// One connection at one origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seat {
    pub origin: OriginId,
    pub socket: SocketId,
}

/// A set of seats that costs a channel nothing much while it is empty, and tells origins and counts
/// without a look at the seats.
#[derive(Clone, Debug, Default)]
pub struct Audience {
    by_origin: SmallVec<[(OriginId, u32); 2]>,
    seats: Option<Box<Seats>>,
}

impl Audience {
    pub fn len(&self) -> u32 {
        self.by_origin.iter().map(|(_, count)| count).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.by_origin.is_empty()
    }

    /// Origins with at least one seat.
    pub fn origins(&self) -> impl Iterator<Item = OriginId> + '_ {
        self.by_origin.iter().map(|&(origin, _)| origin)
    }

    pub fn contains(&self, seat: Seat) -> bool {
        self.seats.as_ref().is_some_and(|seats| seats.contains(seat))
    }

    /// Whether the connection is here, at whichever origin.
    pub fn has_socket(&self, socket: SocketId) -> bool {
        self.seats_of(socket).next().is_some()
    }

    pub fn seats(&self) -> impl Iterator<Item = Seat> + '_ {
        self.seats.iter().flat_map(|seats| seats.iter())
    }

    /// The seats of one connection, at whichever origins.
    pub fn seats_of(&self, socket: SocketId) -> impl Iterator<Item = Seat> + '_ {
        let seats = self.origins().map(move |origin| Seat { origin, socket });
        seats.filter(|&seat| self.contains(seat))
    }

    /// How many seats are here and there.
    pub fn common(&self, other: &Self) -> u32 {
        let (few, many) = if self.len() < other.len() { (self, other) } else { (other, self) };
        few.seats().filter(|&seat| many.contains(seat)).count() as u32
    }

    /// Whether the seat is new.
    pub fn insert(&mut self, seat: Seat) -> bool {
        let is_new = self.seats.get_or_insert_default().insert(seat);
        if is_new {
            match self.by_origin.iter_mut().find(|(origin, _)| *origin == seat.origin) {
                Some((_, count)) => *count += 1,
                None => self.by_origin.push((seat.origin, 1)),
            }
        }
        is_new
    }

    /// Whether the seat was there.
    pub fn remove(&mut self, seat: Seat) -> bool {
        let was_there = self.seats.as_mut().is_some_and(|seats| seats.remove(seat));
        if was_there && let Some(at) = self.index_of(seat.origin) {
            self.by_origin[at].1 -= 1;
            if self.by_origin[at].1 == 0 {
                self.by_origin.swap_remove(at);
            }
        }
        self.rest();
        was_there
    }

    /// Removes every seat of an origin and says which they were.
    pub fn remove_origin(&mut self, gone: OriginId) -> Vec<Seat> {
        let Some(at) = self.index_of(gone) else { return Vec::new() };
        self.by_origin.swap_remove(at);
        let removed = self.seats.as_mut().map(|seats| seats.remove_origin(gone));
        self.rest();
        removed.unwrap_or_default()
    }

    fn index_of(&self, origin: OriginId) -> Option<usize> {
        self.by_origin.iter().position(|&(other, _)| other == origin)
    }

    fn rest(&mut self) {
        if self.is_empty() {
            *self = Self::default();
        }
    }
}

/// Socket ids are random and issued by the service, so a fast unkeyed hash is safe for them.
#[derive(Clone, Debug)]
enum Seats {
    Few(SmallVec<[Seat; 2]>),
    Many(FxHashSet<Seat>),
}

impl Default for Seats {
    fn default() -> Self {
        Self::Few(SmallVec::new())
    }
}

impl Seats {
    /// Up to here a scan is as fast as a hash, and smaller.
    const FEW: usize = 16;

    fn iter(&self) -> impl Iterator<Item = Seat> + '_ {
        let (few, many) = match self {
            Self::Few(few) => (few.as_slice(), None),
            Self::Many(many) => (&[][..], Some(many)),
        };
        few.iter().chain(many.into_iter().flatten()).copied()
    }

    fn contains(&self, seat: Seat) -> bool {
        match self {
            Self::Few(few) => few.contains(&seat),
            Self::Many(many) => many.contains(&seat),
        }
    }

    fn insert(&mut self, seat: Seat) -> bool {
        match self {
            Self::Few(few) if few.contains(&seat) => false,
            Self::Few(few) if few.len() < Self::FEW => {
                few.push(seat);
                true
            }
            Self::Few(few) => {
                *self = Self::Many(few.iter().copied().chain([seat]).collect());
                true
            }
            Self::Many(many) => many.insert(seat),
        }
    }

    fn remove(&mut self, seat: Seat) -> bool {
        let was_there = match self {
            Self::Few(few) => match few.iter().position(|&other| other == seat) {
                Some(at) => {
                    few.swap_remove(at);
                    true
                }
                None => false,
            },
            Self::Many(many) => many.remove(&seat),
        };
        self.shrink();
        was_there
    }

    fn remove_origin(&mut self, gone: OriginId) -> Vec<Seat> {
        let of_gone = |seat: &Seat| seat.origin == gone;
        let removed = match self {
            Self::Few(few) => {
                let removed = few.iter().copied().filter(of_gone).collect();
                few.retain(|seat| !of_gone(seat));
                removed
            }
            Self::Many(many) => many.extract_if(of_gone).collect(),
        };
        self.shrink();
        removed
    }

    fn shrink(&mut self) {
        if let Self::Many(many) = self {
            if many.len() <= Self::FEW / 2 {
                *self = Self::Few(many.iter().copied().collect());
            } else if many.len() < many.capacity() / 4 {
                many.shrink_to(many.len() * 2);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_the_set_it_should_be(
            steps in prop::collection::vec((0_u8..20, 0_u32..4, 0_u64..40), 0..300)
        ) {
            let mut audience = Audience::default();
            let mut model = BTreeSet::new();
            for (step, origin, socket) in steps {
                let seat = Seat { origin: OriginId(origin), socket: SocketId::from_random(socket) };
                match step {
                    0 => {
                        let gone = audience.remove_origin(seat.origin).len();
                        let before = model.len();
                        model.retain(|&(o, _)| o != origin);
                        prop_assert_eq!(gone, before - model.len());
                    }
                    1..8 => prop_assert_eq!(audience.remove(seat), model.remove(&(origin, socket))),
                    _ => prop_assert_eq!(audience.insert(seat), model.insert((origin, socket))),
                }
                prop_assert_eq!(audience.len() as usize, model.len());
                prop_assert_eq!(audience.is_empty(), model.is_empty());
                let origins: BTreeSet<u32> = audience.origins().map(|o| o.0).collect();
                prop_assert_eq!(origins, model.iter().map(|&(o, _)| o).collect());
                let has = |&(o, s): &(u32, u64)| {
                    audience.contains(Seat { origin: OriginId(o), socket: SocketId::from_random(s) })
                };
                prop_assert!(model.iter().all(has));
            }
        }
    }
}
