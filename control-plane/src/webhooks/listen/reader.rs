//! Reads an app's messages as they are stored, each once.
//!
//! They are found by when their transaction began, and a transaction that began earlier may be
//! committed later. So what was stored in the last seconds is looked at again and again, and what
//! was told already is remembered for as long.

use super::store::{self, Stored};
use crate::db::{Db, Organisation};
use contract::AppId;
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// No transaction that stores messages takes longer: its statements end after two seconds.
const OVERLAP: Duration = Duration::seconds(5);
const BATCH: i64 = 500;
/// Beyond this many in the overlap, a late one may be missed rather than all be looked at again.
const MOST_REMEMBERED: usize = 20_000;

pub struct Reader {
    organisation: Organisation,
    app: AppId,
    floor: OffsetDateTime,
    seen: HashMap<Uuid, OffsetDateTime>,
}

impl Reader {
    /// Begins with what is stored from `since` on.
    pub fn new(organisation: Organisation, app: AppId, since: OffsetDateTime) -> Self {
        Self { organisation, app, floor: since, seen: HashMap::new() }
    }

    /// What is new; empty when there is nothing more for now.
    pub async fn next(&mut self, db: &Db) -> Result<Vec<Stored>, sqlx::Error> {
        let seen: Vec<Uuid> = self.seen.keys().copied().collect();
        let mut tx = db.tenant("webhooks", self.organisation).await?;
        let new = store::messages(&mut tx, &self.app, self.floor, &seen, BATCH).await?;
        tx.commit().await?;
        self.remember(&new);
        Ok(new)
    }

    fn remember(&mut self, new: &[Stored]) {
        self.seen.extend(new.iter().map(|stored| (stored.message.id, stored.stored_at)));
        let Some(newest) = self.seen.values().max().copied() else { return };
        let overlap = if self.seen.len() > MOST_REMEMBERED { Duration::ZERO } else { OVERLAP };
        self.floor = self.floor.max(newest - overlap);
        self.seen.retain(|_, stored_at| *stored_at >= self.floor);
    }
}
