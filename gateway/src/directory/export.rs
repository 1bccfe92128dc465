//! The replica as entries again, each with the revision that stated it: what the disk copy holds.

use crate::directory::{app::App, credential::Credential, replica::Replica};
use contract::directory::{AppRecord, Change, Entry, Kill, Revision};
use std::sync::PoisonError;

impl Replica {
    /// Everything known, and the revision up to which it is complete. May hold newer facts too,
    /// which does no harm: applying them again changes nothing.
    pub fn export(&self) -> (Revision, Vec<Entry>) {
        let revision = self.status.applied();
        let maps = self.read();
        let keys = maps.secret_keys_by_id.len() + maps.publishable_keys.len();
        let mut entries = Vec::with_capacity(maps.apps.len() + keys);
        for app in maps.apps.values() {
            app_entries(app, &mut entries);
        }
        let secret_keys = maps.secret_keys_by_id.iter().filter_map(|key| {
            let (revision, record) = key.0.to_record()?;
            Some(Entry { revision, change: Change::SecretKey(record) })
        });
        let publishable_keys = maps.publishable_keys.iter().filter_map(|key| {
            let (revision, record) = key.0.to_record()?;
            Some(Entry { revision, change: Change::PublishableKey(record) })
        });
        entries.extend(secret_keys.chain(publishable_keys));
        (revision, entries)
    }

    /// Applies entries of a disk copy that is complete up to `revision`.
    pub fn restore(&self, revision: Revision, entries: Vec<Entry>) {
        for entry in entries {
            self.apply(entry.revision, entry.change);
        }
        self.complete_up_to(revision);
    }
}

fn app_entries(app: &App, entries: &mut Vec<Entry>) {
    let facts = app.facts.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let state = app.load();
    let record = AppRecord {
        id: app.id.clone(),
        organisation: state.organisation.clone(),
        enabled: facts.is_record_enabled(),
        credentials: state.credentials.iter().map(Credential::to_record).collect(),
        settings: state.settings.clone(),
        limits: state.limits.clone(),
        plan: state.plan.clone(),
    };
    let (id, at) = (app.id.clone(), facts.record_revision());
    entries.push(Entry { revision: at, change: Change::App(record) });
    let disabled = facts.disabled_since().map(|at| (at, Kill::DisableApp { app: id.clone() }));
    let revoked = facts
        .revocations()
        .map(|(key, at)| (*at, Kill::RevokeCredential { app: id.clone(), key: key.clone() }));
    entries.extend(
        disabled
            .into_iter()
            .chain(revoked)
            .map(|(revision, kill)| Entry { revision, change: Change::Kill(kill) }),
    );
}
