//! A channel that this connection asked for.

use contract::UserId;
use realtime::Member;
use std::sync::Arc;

#[derive(Debug)]
pub struct Seat {
    pub state: SeatState,
    /// Answers of the owner still to come, also to requests given up since.
    owed: u32,
    /// Subscribes that came while the first was not answered yet.
    pub repeats: u32,
    /// Who it is, on presence channels.
    pub member: Option<Arc<Member>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatState {
    Asked,
    Taken,
    /// Unsubscribed before the answer came.
    Left,
}

impl Seat {
    /// The owner is asked, perhaps again after the seat was given up.
    pub fn asked(before: Option<&Seat>, member: Option<Arc<Member>>) -> Self {
        let owed = before.map_or(0, |seat| seat.owed) + 1;
        Self { state: SeatState::Asked, owed, repeats: 0, member }
    }

    /// Takes one answer off what the owner owes; the state of the seat if it was the last one.
    pub fn settle(&mut self) -> Option<SeatState> {
        self.owed = self.owed.saturating_sub(1);
        (self.owed == 0).then_some(self.state)
    }

    pub fn is_held(&self) -> bool {
        self.state != SeatState::Left
    }

    /// Whether nothing is to come for it any more.
    pub fn is_over(&self) -> bool {
        self.state == SeatState::Left && self.owed == 0
    }

    pub fn user(&self) -> Option<&UserId> {
        self.member.as_ref().map(|member| &member.user)
    }
}
