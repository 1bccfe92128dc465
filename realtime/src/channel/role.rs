//! What some channels do beside carrying messages.

use super::{count::CountPace, presence::Presence, transitions::HeldBack, user::UserState};

/// A channel has one such role or none, and pays for it only then.
#[derive(Debug)]
pub enum Role {
    /// Tells its subscribers of each other.
    Crowd(Crowd),
    /// Stands for a user, and tells watchers whether the user is there.
    User(Box<UserState>),
}

/// What subscribers are told of each other: how many they are, and who. And what of it the witness
/// is not told yet.
#[derive(Debug, Default)]
pub struct Crowd {
    pub pace: Option<CountPace>,
    pub presence: Option<Box<Presence>>,
    pub held_back: Option<Box<HeldBack>>,
}

impl Role {
    pub fn crowd(&self) -> Option<&Crowd> {
        match self {
            Self::Crowd(crowd) => Some(crowd),
            Self::User(_) => None,
        }
    }

    pub fn crowd_mut(&mut self) -> Option<&mut Crowd> {
        match self {
            Self::Crowd(crowd) => Some(crowd),
            Self::User(_) => None,
        }
    }

    pub fn user(&self) -> Option<&UserState> {
        match self {
            Self::User(user) => Some(user),
            Self::Crowd(_) => None,
        }
    }

    pub fn user_mut(&mut self) -> Option<&mut UserState> {
        match self {
            Self::User(user) => Some(user),
            Self::Crowd(_) => None,
        }
    }

    /// Whether there is nothing in it that a channel without a role would not do.
    pub fn is_idle(&self) -> bool {
        match self {
            Self::Crowd(crowd) => {
                crowd.pace.is_none() && crowd.presence.is_none() && crowd.held_back.is_none()
            }
            Self::User(user) => !user.is_waited_for(),
        }
    }

    /// When there is something to do by itself, if there is.
    pub fn due_ms(&self) -> Option<u64> {
        match self {
            Self::Crowd(Crowd { pace, presence, held_back }) => {
                let count_ms = pace.as_ref().and_then(CountPace::due_ms);
                let leave_ms = presence.as_ref().and_then(|presence| presence.due_ms());
                let tell_ms = held_back.as_ref().and_then(|held| held.due_ms());
                [count_ms, leave_ms, tell_ms].into_iter().flatten().min()
            }
            Self::User(user) => user.offline_due_ms(),
        }
    }
}
