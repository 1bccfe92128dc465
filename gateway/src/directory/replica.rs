//! The maps, and how entries of the feed change them.

mod keys;

use crate::directory::{
    app::{App, AppState},
    compile::{BadRecord, compile},
    credential::Credential,
    facts::Facts,
    fingerprints::Fingerprints,
    kills::News,
    scoped_key::{ByName, ClientTerms, SecretTerms},
    status::{Alarm, Status},
    token_index::TokenIndex,
};
use crate::{metering::Ledger, webhooks::Interest};
use contract::{
    AppId, AppKey, PublishableKey, SecretKeyId,
    directory::{AppRecord, Change, Kill, Revision},
    seal::MasterKey,
    webhooks::HookSet,
};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
};

/// What readers look up. Locked for a moment per entry, never while a record is compiled.
#[derive(Debug, Default)]
pub struct Maps {
    pub apps: HashMap<AppId, Arc<App>>,
    pub keys: HashMap<AppKey, Arc<App>>,
    pub tokens: TokenIndex,
    pub secret_keys_by_id: HashSet<ByName<SecretKeyId, SecretTerms>>,
    pub publishable_keys: HashSet<ByName<PublishableKey, ClientTerms>>,
    pub fingerprints: Fingerprints,
}

/// What only the writer needs: facts about things that are not in the maps.
#[derive(Debug, Default)]
pub struct Graves {
    apps: HashMap<AppId, Facts>,
    secret_keys: HashMap<SecretKeyId, Revision>,
    publishable_keys: HashMap<PublishableKey, Revision>,
    /// Nothing of this revision or below is believed about a thing that is not known.
    floor: Revision,
}

impl Graves {
    /// More graves than this are replaced by a higher floor.
    const MAX: usize = 65_536;

    fn bound(&mut self, applied: Revision) {
        let keys = self.secret_keys.len() + self.publishable_keys.len();
        if self.apps.len() + keys > Self::MAX {
            self.level(applied);
        }
    }

    fn level(&mut self, floor: Revision) {
        self.floor = self.floor.max(floor);
        self.apps.retain(|_, facts| facts.newest() > floor);
        self.secret_keys.retain(|_, at| *at > floor);
        self.publishable_keys.retain(|_, at| *at > floor);
    }
}

#[derive(Debug)]
pub struct Replica {
    maps: RwLock<Maps>,
    graves: Mutex<Graves>,
    master: MasterKey,
    /// Unix seconds before which no credential of an app ends.
    next_end: AtomicI64,
    pub ledger: Arc<Ledger>,
    pub interest: Arc<Interest>,
    pub status: Status,
}

impl Replica {
    pub fn new(master: MasterKey, ledger: Arc<Ledger>) -> Self {
        Self {
            maps: RwLock::default(),
            graves: Mutex::default(),
            master,
            next_end: AtomicI64::new(i64::MAX),
            ledger,
            interest: Arc::default(),
            status: Status::default(),
        }
    }

    pub fn read(&self) -> RwLockReadGuard<'_, Maps> {
        self.maps.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Maps> {
        self.maps.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn graves(&self) -> MutexGuard<'_, Graves> {
        self.graves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Applies one entry. Answers what ended by it, so that sockets can be closed.
    pub fn apply(&self, revision: Revision, change: Change) -> Vec<News> {
        let mut graves = self.graves();
        let ended = self.apply_locked(&mut graves, revision, change);
        self.status.set_applied(revision);
        graves.bound(self.status.applied());
        ended
    }

    fn apply_locked(&self, graves: &mut Graves, revision: Revision, change: Change) -> Vec<News> {
        let done = match change {
            Change::App(record) => self.put_app(graves, revision, record),
            Change::SecretKey(record) => self.put_secret_key(graves, revision, record),
            Change::PublishableKey(record) => self.put_publishable_key(graves, revision, record),
            Change::Kill(kill) => return self.kill(graves, revision, kill),
        };
        done.unwrap_or_else(|bad| {
            self.status.raise(Alarm::BadRecord);
            tracing::error!(directory.revision = revision, error = %bad, "record not used");
            Vec::new()
        })
    }

    fn put_app(
        &self,
        graves: &mut Graves,
        revision: Revision,
        record: AppRecord,
    ) -> Result<Vec<News>, BadRecord> {
        let id = record.id.clone();
        let known = self.read().apps.get(&id).cloned();
        let Some(app) = known else {
            let mut facts = graves.apps.get(&id).cloned().unwrap_or_default();
            if revision <= graves.floor || !facts.takes_record(revision) {
                return Ok(Vec::new());
            }
            facts.record(revision, record.enabled);
            let state = compile(record, facts.newest(), &facts, &self.master, None)?;
            graves.apps.remove(&id);
            self.insert_app(Arc::new(App::new(id, state, facts, self.ledger.clone())));
            return Ok(Vec::new());
        };
        let mut held = app.facts.lock().unwrap_or_else(PoisonError::into_inner);
        if !held.takes_record(revision) {
            return Ok(Vec::new());
        }
        let mut facts = held.clone();
        facts.record(revision, record.enabled);
        let before = app.state();
        let after = compile(record, facts.newest(), &facts, &self.master, Some(&before))?;
        let ended = what_ended(&app.id, &before, &after);
        *held = facts;
        self.swap_app(&app, &before, after);
        Ok(ended)
    }

    fn insert_app(&self, app: Arc<App>) {
        let state = app.state();
        let mut maps = self.write();
        for credential in &state.credentials {
            self.claim(&mut maps, &credential.key, &app, state.revision);
            self.next_end.fetch_min(credential.next_end(), Relaxed);
            maps.fingerprints.put(&app, credential);
        }
        self.interest.set(&app.id, state.webhooks);
        maps.apps.insert(app.id.clone(), app);
    }

    fn swap_app(&self, app: &Arc<App>, before: &AppState, after: AppState) {
        let mut maps = self.write();
        for gone in &before.credentials {
            maps.fingerprints.remove(app, gone);
            if after.credential(gone.key.as_str()).is_none() {
                release(&mut maps, &gone.key, app);
            }
        }
        for credential in &after.credentials {
            self.claim(&mut maps, &credential.key, app, after.revision);
            self.next_end.fetch_min(credential.next_end(), Relaxed);
            maps.fingerprints.put(app, credential);
        }
        let wanted = if after.deleted { HookSet::NONE } else { after.webhooks };
        self.interest.set(&app.id, wanted);
        app.swap(after);
    }

    /// Points `key` at `app`, unless another app holds it by a newer record.
    fn claim(&self, maps: &mut Maps, key: &AppKey, app: &Arc<App>, revision: Revision) {
        if let Some(holder) = maps.keys.get(key).filter(|holder| holder.id != app.id) {
            self.status.raise(Alarm::KeyConflict);
            tracing::error!(key = %key, app = %app.id, holder = %holder.id, "one key, two apps");
            if holder.load().revision > revision {
                return;
            }
        }
        maps.keys.insert(key.clone(), app.clone());
    }

    /// Puts a kill in force. Answers it again unless something newer had overtaken it.
    fn kill(&self, graves: &mut Graves, revision: Revision, kill: Kill) -> Vec<News> {
        let known = self.read().apps.get(kill.app()).cloned();
        let in_force = match (&kill, known) {
            (Kill::RevokeSecretKey { id, .. }, _) => self.revoke_secret_key(graves, revision, id),
            (Kill::RevokePublishableKey { key, .. }, _) => {
                self.revoke_publishable_key(graves, revision, key)
            }
            (Kill::DeleteApp { app }, known) => self.delete_app(graves, revision, app, known),
            (Kill::DisableApp { .. }, Some(app)) => {
                !self.change_facts(&app, |facts| facts.disable(revision)).enabled
            }
            (Kill::RevokeCredential { key, .. }, Some(app)) => {
                let state = self.change_facts(&app, |facts| facts.revoke(key, revision));
                state.credential(key.as_str()).is_none()
            }
            (Kill::DisableApp { app }, None) => {
                graves.apps.entry(app.clone()).or_default().disable(revision);
                true
            }
            (Kill::RevokeCredential { app, key }, None) => {
                graves.apps.entry(app.clone()).or_default().revoke(key, revision);
                true
            }
        };
        in_force.then_some(News::Ended(kill)).into_iter().collect()
    }

    /// Changes what is known about `app` and lets its state follow.
    fn change_facts(&self, app: &Arc<App>, change: impl FnOnce(&mut Facts)) -> Arc<AppState> {
        let mut facts = app.facts.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut facts);
        let before = app.state();
        let mut after = AppState { revision: facts.newest(), ..AppState::clone(&before) };
        after.enabled = facts.is_enabled();
        after.credentials.retain(|credential| !facts.is_revoked(&credential.key));
        self.swap_app(app, &before, after);
        app.state()
    }

    /// Ends what has come to its time, and answers what sockets may depend on.
    pub fn expire(&self, now_s: i64) -> Vec<News> {
        // Held, so that nobody else changes an app meanwhile.
        let _graves = self.graves();
        if now_s < self.next_end.load(Relaxed) {
            return Vec::new();
        }
        self.next_end.store(i64::MAX, Relaxed);
        let apps: Vec<_> = self.read().apps.values().cloned().collect();
        let mut ended = Vec::new();
        for app in apps {
            let before = app.state();
            let next = before.credentials.iter().map(Credential::next_end).min();
            let next = next.unwrap_or(i64::MAX);
            if next > now_s {
                self.next_end.fetch_min(next, Relaxed);
                continue;
            }
            let credentials = before.credentials.iter().cloned();
            let credentials = credentials.filter_map(|credential| credential.at(now_s)).collect();
            let after = AppState { credentials, ..AppState::clone(&before) };
            ended.extend(what_ended(&app.id, &before, &after));
            self.swap_app(&app, &before, after);
        }
        ended
    }

    fn delete_app(
        &self,
        graves: &mut Graves,
        revision: Revision,
        id: &AppId,
        known: Option<Arc<App>>,
    ) -> bool {
        let mut facts = graves.apps.get(id).cloned().unwrap_or_default();
        if let Some(app) = known {
            let mut held = app.facts.lock().unwrap_or_else(PoisonError::into_inner);
            held.delete(revision);
            if held.has_record() {
                return false;
            }
            facts = held.clone();
            let before = app.state();
            let gone = AppState {
                revision,
                enabled: false,
                deleted: true,
                credentials: Vec::new(),
                ..AppState::clone(&before)
            };
            self.swap_app(&app, &before, gone);
            self.write().apps.remove(id);
        }
        facts.delete(revision);
        graves.apps.insert(id.clone(), facts);
        self.remove_keys_of(id, revision);
        true
    }

    /// Brings the replica to a whole snapshot: what is not in it and not in `kept` ends.
    pub fn replace(&self, revision: Revision, changes: Vec<Change>, kept: &Kept) -> Vec<News> {
        let mut graves = self.graves();
        let mut listed = Listed::default();
        let mut ended = Vec::new();
        for change in changes {
            listed.note(&change);
            ended.extend(self.apply_locked(&mut graves, revision, change));
        }
        for kill in self.missing(revision, &listed, kept) {
            ended.extend(self.kill(&mut graves, revision, kill));
        }
        graves.level(revision);
        self.status.set_applied(revision);
        ended
    }

    /// Nothing older than `revision` is missing here.
    pub fn complete_up_to(&self, revision: Revision) {
        self.graves().level(revision);
        self.status.set_applied(revision);
    }

    fn missing(&self, revision: Revision, listed: &Listed, kept: &Kept) -> Vec<Kill> {
        let maps = self.read();
        let facts =
            |app: &App| app.facts.lock().unwrap_or_else(PoisonError::into_inner).record_revision();
        let gone_apps = maps
            .apps
            .values()
            .filter(|app| !listed.apps.contains(&app.id) && !kept.apps.contains(app.id.as_str()))
            .filter(|app| facts(app) <= revision)
            .map(|app| Kill::DeleteApp { app: app.id.clone() });
        gone_apps.chain(maps.missing_keys(revision, listed, kept)).collect()
    }
}

/// What a snapshot has a record of.
#[derive(Debug, Default)]
struct Listed {
    apps: HashSet<AppId>,
    secret_keys: HashSet<SecretKeyId>,
    publishable_keys: HashSet<PublishableKey>,
}

impl Listed {
    fn note(&mut self, change: &Change) {
        let _is_new = match change {
            Change::App(record) => self.apps.insert(record.id.clone()),
            Change::SecretKey(record) => self.secret_keys.insert(record.id.clone()),
            Change::PublishableKey(record) => self.publishable_keys.insert(record.key.clone()),
            Change::Kill(_) => false,
        };
    }
}

/// Things whose record in a snapshot was not readable: they stay as they are.
#[derive(Debug, Default)]
pub struct Kept {
    pub apps: HashSet<String>,
    pub secret_keys: HashSet<String>,
    pub publishable_keys: HashSet<String>,
}

fn release(maps: &mut Maps, key: &AppKey, app: &Arc<App>) {
    if maps.keys.get(key).is_some_and(|holder| Arc::ptr_eq(holder, app)) {
        maps.keys.remove(key);
    }
}

/// What a new version of an app took away, or may have, without a kill having said so.
fn what_ended(app: &AppId, before: &AppState, after: &AppState) -> Vec<News> {
    let disabled =
        (before.enabled && !after.enabled).then(|| Kill::DisableApp { app: app.clone() });
    let revoked = before
        .credentials
        .iter()
        .filter(|credential| after.credential(credential.key.as_str()).is_none())
        .map(|c| Kill::RevokeCredential { app: app.clone(), key: c.key.clone() });
    let (was, is) = (&before.settings, &after.settings);
    let is_stricter = was.allowed_origins != is.allowed_origins || (!was.tls_only && is.tls_only);
    let narrowed = is_stricter.then(|| News::Narrowed(app.clone()));
    disabled.into_iter().chain(revoked).map(News::Ended).chain(narrowed).collect()
}
