//! Taking from an app's quota: who can wait for an answer does so, others are lent a little.

use super::{
    account::{Account, Standing},
    leases::Leases,
};
use crate::{
    admission::{self, ConnectionPermit, Refusal, Whose},
    directory::{App, AppState},
    hub::clock,
};
use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::time::{Instant, timeout_at};

/// How long a request waits for an answer of the control plane.
const PATIENCE: Duration = Duration::from_secs(1);
/// When to come again where the control plane has not said yet.
const SOON_MS: u64 = 500;

/// Units that a request may use. What of them was used is counted where it happens; the hold ends
/// with the request.
#[derive(Debug)]
#[must_use]
pub struct Hold {
    held: Option<(Arc<App>, u64)>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some((app, units)) = &self.held
            && let Some(account) = app.quota.known()
        {
            account.give_back(*units);
        }
    }
}

impl Leases {
    /// Takes a place for `messages` of so many units together: all of them or none.
    pub async fn hold(
        &self,
        app: &Arc<App>,
        state: &AppState,
        messages: u64,
        units: u64,
        now_ms: u64,
    ) -> Result<Hold, Refusal> {
        if !state.plan.is_metered || messages == 0 {
            return Ok(Hold { held: None });
        }
        let counted = || app.counters.units();
        let account = self.enrol(app, now_ms);
        if !account.take(messages, units, counted, now_ms) {
            self.wait_for_units(account, messages, units, &counted).await?;
        } else if account.runs_low(counted()) {
            self.hurry(account);
        }
        Ok(Hold { held: Some((app.clone(), units)) })
    }

    async fn wait_for_units(
        &self,
        account: &Account,
        messages: u64,
        units: u64,
        counted: &impl Fn() -> u64,
    ) -> Result<(), Refusal> {
        let start = Instant::now();
        let _waiting = Waiting::units(&account.waiting, units);
        loop {
            let mut answered = pin!(account.answers.notified());
            answered.as_mut().enable();
            let now_ms = clock::unix_ms();
            // An answer may have come between the last look and this one.
            if account.take(messages, units, counted, now_ms) {
                return Ok(());
            }
            let standing = account.standing(counted(), self.is_away(), now_ms);
            match standing {
                Standing::Exhausted(spent) => {
                    self.hurry_quietly(account);
                    return Err(Refusal::QuotaExhausted(spent));
                }
                Standing::Open => return beyond(account, units),
                Standing::Alone { left, .. } if left >= messages => {
                    return beyond(account, units);
                }
                Standing::Alone { spent, .. } => return Err(Refusal::QuotaExhausted(spent)),
                Standing::Unknown | Standing::Short { .. } => self.hurry(account),
            }
            // The first question has an answer by then, or the control plane is away.
            let patience = if standing == Standing::Unknown { 2 * PATIENCE } else { PATIENCE };
            if timeout_at(start + patience, answered).await.is_err() {
                return self.at_last(account, messages, units, counted);
            }
        }
    }

    /// Nobody granted anything in time.
    fn at_last(
        &self,
        account: &Account,
        messages: u64,
        units: u64,
        counted: &impl Fn() -> u64,
    ) -> Result<(), Refusal> {
        let now_ms = clock::unix_ms();
        if account.take(messages, units, counted, now_ms) {
            return Ok(());
        }
        match account.standing(counted(), self.is_away(), now_ms) {
            Standing::Open => beyond(account, units),
            Standing::Unknown => Err(Refusal::Overloaded { retry_after_ms: SOON_MS }),
            Standing::Short { left, .. } | Standing::Alone { left, .. }
                if left >= messages && account.lend(units, left) =>
            {
                beyond(account, units)
            }
            // What is left is held by other gateways, or is less than this needs.
            Standing::Short { spent, .. }
            | Standing::Alone { spent, .. }
            | Standing::Exhausted(spent) => Err(Refusal::QuotaExhausted(spent)),
        }
    }

    /// Whether a connection may publish one message now. It is counted before the connection says
    /// anything else, so nothing is held.
    pub fn spare(
        &self,
        app: &Arc<App>,
        state: &AppState,
        units: u64,
        now_ms: u64,
    ) -> Result<(), Refusal> {
        if !state.plan.is_metered {
            return Ok(());
        }
        let account = self.enrol(app, now_ms);
        let counted = app.counters.units();
        if account.has_room(counted, now_ms) {
            if account.runs_low(counted) {
                self.hurry(account);
            }
            return Ok(());
        }
        match account.standing(counted, self.is_away(), now_ms) {
            Standing::Exhausted(spent) => {
                self.hurry_quietly(account);
                Err(Refusal::QuotaExhausted(spent))
            }
            Standing::Open => Ok(()),
            Standing::Alone { left, spent } => match left {
                0 => Err(Refusal::QuotaExhausted(spent)),
                _ => Ok(()),
            },
            Standing::Short { left, spent } => {
                self.hurry(account);
                match account.lend(units, left) {
                    true => Ok(()),
                    false if left == 0 => Err(Refusal::QuotaExhausted(spent)),
                    false => Err(Refusal::Overloaded { retry_after_ms: SOON_MS }),
                }
            }
            Standing::Unknown => {
                self.hurry(account);
                Err(Refusal::Overloaded { retry_after_ms: SOON_MS })
            }
        }
    }

    /// The next round asks, so that a raised cap is noticed; but not before it is time.
    fn hurry_quietly(&self, account: &Account) {
        account.is_wanted.store(true, Relaxed);
    }

    /// How many connections may be open here at once, and the refusal if that is known to be all.
    pub fn places(&self, app: &Arc<App>, now_ms: u64) -> (u32, Option<Refusal>) {
        let (places, full) = self.enrol(app, now_ms).connections(self.is_away(), now_ms);
        // What binds first may be the app's own limit, over all gateways.
        let own = app.load().limits.max_connections;
        let full = full.map(|refusal| match refusal {
            Refusal::ConnectionLimit { used, limit, .. } if limit == own => {
                Refusal::ConnectionLimit { whose: Whose::App, used, limit }
            }
            refusal => refusal,
        });
        (places, full)
    }
}

/// Lets messages pass that are not within what was granted.
fn beyond(account: &Account, units: u64) -> Result<(), Refusal> {
    account.take_anyway(units);
    Ok(())
}

/// Lets a connection in. One that is within the app's own limit, and short of what was granted
/// here, waits a moment for more.
pub async fn connect(
    leases: &Leases,
    app: &Arc<App>,
    origin: Option<&str>,
    tls: bool,
) -> Result<ConnectionPermit, Refusal> {
    if !app.load().plan.is_metered {
        return admission::connect(app, origin, tls);
    }
    let deadline = Instant::now() + PATIENCE;
    let account = leases.enrol(app, clock::unix_ms());
    let mut waiting = None;
    loop {
        let mut answered = pin!(account.answers.notified());
        answered.as_mut().enable();
        let (places, known_full) = leases.places(app, clock::unix_ms());
        match admission::connect_within(app, origin, tls, places) {
            Err(Refusal::ConnectionLimit { whose: Whose::Organisation, used, limit }) => {
                leases.hurry(account);
                if let Some(full) = known_full {
                    return Err(full);
                }
                waiting.get_or_insert_with(|| Waiting::connection(&account.waiting_connections));
                if timeout_at(deadline, answered).await.is_err() {
                    let full = leases.places(app, clock::unix_ms()).1;
                    let whose = Whose::Organisation;
                    let unknown = Refusal::ConnectionLimit { whose, used, limit };
                    return Err(full.unwrap_or(unknown));
                }
            }
            decided => return decided,
        }
    }
}

/// What somebody waits for, for as long as they do.
enum Waiting<'a> {
    Units(&'a AtomicU64, u64),
    Connection(&'a AtomicU32),
}

impl<'a> Waiting<'a> {
    fn units(sum: &'a AtomicU64, units: u64) -> Self {
        sum.fetch_add(units, Relaxed);
        Self::Units(sum, units)
    }

    fn connection(sum: &'a AtomicU32) -> Self {
        sum.fetch_add(1, Relaxed);
        Self::Connection(sum)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        match self {
            Self::Units(sum, units) => {
                sum.fetch_sub(*units, Relaxed);
            }
            Self::Connection(sum) => {
                sum.fetch_sub(1, Relaxed);
            }
        }
    }
}
