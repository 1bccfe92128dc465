//! Watching an app live: one WebSocket per viewer, fed from the live streams of all gateways. Looking
//! back is `history`.

pub mod history;
pub mod http;
mod relay;
#[cfg(test)]
mod tests;
mod viewer;

use crate::{api::ApiError, db::PersonId};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use uuid::Uuid;

/// Live views one person may have open.
const PER_PERSON: u32 = 8;
/// Live views of all.
const IN_ALL: u32 = 1_000;

/// Who is watching. A view costs a stream from every gateway, so there is a limit.
#[derive(Clone, Default)]
pub struct Viewers(Arc<Mutex<HashMap<Uuid, u32>>>);

/// A place among the viewers; dropping it gives it back.
#[must_use]
pub struct ViewPermit {
    viewers: Viewers,
    person: Uuid,
}

impl Viewers {
    /// How many views are open.
    pub fn open(&self) -> u32 {
        self.0.lock().unwrap_or_else(|e| e.into_inner()).values().sum()
    }

    pub fn admit(&self, person: PersonId) -> Result<ViewPermit, ApiError> {
        let mut open = self.0.lock().unwrap_or_else(|e| e.into_inner());
        if open.values().sum::<u32>() >= IN_ALL {
            return Err(ApiError::Overloaded);
        }
        let mine = open.entry(person.0).or_default();
        if *mine >= PER_PERSON {
            return Err(ApiError::RateLimited { retry_after_s: 10 });
        }
        *mine += 1;
        Ok(ViewPermit { viewers: self.clone(), person: person.0 })
    }
}

impl Drop for ViewPermit {
    fn drop(&mut self) {
        let mut open = self.viewers.0.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(mine) = open.get_mut(&self.person) {
            *mine -= 1;
            if *mine == 0 {
                open.remove(&self.person);
            }
        }
    }
}
