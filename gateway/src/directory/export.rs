//! The replica as entries again, each with the revision that stated it: what the disk copy holds.

use crate::directory::{
    app::App,
    credential::Credential,
    replica::Replica,
    scoped_key::{ClientKey, ClientTerms, SecretKey, SecretTerms},
};
use contract::directory::{AppRecord, Change, Entry, Kill, Revision};
use std::sync::{Arc, PoisonError};

/// Everything that was known at one moment. Keys, of which there may be a million, become records
/// one after the other as they are written.
pub struct Export {
    /// Up to which it is complete. It may hold newer facts too, which does no harm: applying them
    /// again changes nothing.
    pub revision: Revision,
    apps: Vec<Entry>,
    secret_keys: Vec<(Arc<SecretKey>, Arc<SecretTerms>)>,
    publishable_keys: Vec<(Arc<ClientKey>, Arc<ClientTerms>)>,
}

impl Export {
    pub fn len(&self) -> usize {
        self.apps.len() + self.secret_keys.len() + self.publishable_keys.len()
    }

    pub fn into_entries(self) -> impl Iterator<Item = Entry> {
        let secret_keys = self.secret_keys.into_iter().map(|(key, terms)| Entry {
            revision: terms.revision,
            change: Change::SecretKey(key.record_of(&terms)),
        });
        let publishable_keys = self.publishable_keys.into_iter().map(|(key, terms)| Entry {
            revision: terms.revision,
            change: Change::PublishableKey(key.record_of(&terms)),
        });
        self.apps.into_iter().chain(secret_keys).chain(publishable_keys)
    }
}

impl Replica {
    pub fn export(&self) -> Export {
        let revision = self.status.applied();
        let maps = self.read();
        let mut apps = Vec::with_capacity(maps.apps.len());
        for app in maps.apps.values() {
            app_entries(app, &mut apps);
        }
        let secret_keys = maps.secret_keys_by_id.iter().map(|key| &key.0);
        let publishable_keys = maps.publishable_keys.iter().map(|key| &key.0);
        Export {
            revision,
            apps,
            secret_keys: secret_keys.filter_map(|k| Some((k.clone(), k.terms()?))).collect(),
            publishable_keys: publishable_keys
                .filter_map(|k| Some((k.clone(), k.terms()?)))
                .collect(),
        }
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
        webhooks: state.webhooks,
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
