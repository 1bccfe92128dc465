//! Keys with a scope of their own: the same rules for secret and for publishable ones.

use super::{Graves, Kept, Listed, Maps, Replica};
use crate::directory::{
    compile::BadRecord,
    facts::Facts,
    kills::News,
    scoped_key::{ByName, ClientKey, ClientTerms, SecretKey, SecretTerms},
    status::Alarm,
};
use contract::{
    AppId, PublishableKey, SecretKeyId,
    directory::{Kill, PublishableKeyRecord, Revision, SecretKeyRecord},
};
use std::sync::Arc;

impl Graves {
    /// Whether a record of a key comes too late: after its end, its app's end, or a newer one.
    fn is_late(
        &self,
        revision: Revision,
        app: &AppId,
        revoked: Option<&Revision>,
        known: Option<Revision>,
    ) -> bool {
        let deleted = self.apps.get(app).and_then(Facts::deleted_since);
        revoked.is_some_and(|at| *at >= revision)
            || deleted.is_some_and(|at| at >= revision)
            || known.map_or(revision <= self.floor, |known| known >= revision)
    }
}

fn secret_revision(key: &SecretKey) -> Revision {
    key.load().as_ref().map_or(0, |terms| terms.revision)
}

fn client_revision(key: &ClientKey) -> Revision {
    key.load().as_ref().map_or(0, |terms| terms.revision)
}

fn narrowed(is_narrower: bool, app: &AppId) -> Vec<News> {
    is_narrower.then(|| News::Narrowed(app.clone())).into_iter().collect()
}

impl Maps {
    fn remove_secret_key(&mut self, id: &str) {
        if let Some(ByName(key)) = self.secret_keys_by_id.take(id) {
            self.tokens.remove(&key);
            key.end();
        }
    }

    fn remove_publishable_key(&mut self, key: &str) {
        if let Some(ByName(key)) = self.publishable_keys.take(key) {
            key.end();
        }
    }

    /// The ends of keys that a snapshot of `revision` has no record of.
    pub(super) fn missing_keys(
        &self,
        revision: Revision,
        listed: &Listed,
        kept: &Kept,
    ) -> Vec<Kill> {
        let secret_keys = self
            .secret_keys_by_id
            .iter()
            .map(|ByName(key)| key)
            .filter(|key| !listed.secret_keys.contains(&key.name))
            .filter(|key| !kept.secret_keys.contains(key.name.as_str()))
            .filter(|key| secret_revision(key) <= revision)
            .map(|key| Kill::RevokeSecretKey { app: key.app.clone(), id: key.name.clone() });
        let publishable_keys = self
            .publishable_keys
            .iter()
            .map(|ByName(key)| key)
            .filter(|key| !listed.publishable_keys.contains(&key.name))
            .filter(|key| !kept.publishable_keys.contains(key.name.as_str()))
            .filter(|key| client_revision(key) <= revision)
            .map(|key| Kill::RevokePublishableKey { app: key.app.clone(), key: key.name.clone() });
        secret_keys.chain(publishable_keys).collect()
    }
}

impl Replica {
    pub(super) fn put_secret_key(
        &self,
        graves: &mut Graves,
        revision: Revision,
        record: SecretKeyRecord,
    ) -> Result<Vec<News>, BadRecord> {
        let known = self.read().secret_keys_by_id.get(record.id.as_str()).map(|key| key.0.clone());
        let known_at = known.as_deref().map(secret_revision);
        let revoked = graves.secret_keys.get(&record.id);
        if graves.is_late(revision, &record.app, revoked, known_at) {
            return Ok(Vec::new());
        }
        let before = known.as_ref().and_then(|key| key.terms());
        let terms = SecretTerms::compile(&record, revision, &self.master, before.as_deref())?;
        graves.secret_keys.remove(&record.id);
        let mut ended = Vec::new();
        let key = match known {
            Some(key) if key.app == record.app => {
                let is_narrower = before.is_some_and(|before| terms.is_narrower_than(&before));
                // Under one lock, or the key would be unknown for a moment.
                let mut maps = self.write();
                maps.tokens.remove(&key);
                key.put(terms);
                maps.tokens.put(&key);
                return Ok(narrowed(is_narrower, &key.app));
            }
            other => {
                let app = self.own_id(record.app);
                if let Some(other) = other {
                    self.warn_of_conflict(other.name.as_str(), &app, &other.app);
                    ended.push(News::Ended(Kill::RevokeSecretKey {
                        app: other.app.clone(),
                        id: other.name.clone(),
                    }));
                }
                Arc::new(SecretKey::new(record.id, app, terms))
            }
        };
        let mut maps = self.write();
        maps.remove_secret_key(key.name.as_str());
        maps.tokens.put(&key);
        maps.secret_keys_by_id.insert(ByName(key));
        Ok(ended)
    }

    pub(super) fn put_publishable_key(
        &self,
        graves: &mut Graves,
        revision: Revision,
        record: PublishableKeyRecord,
    ) -> Result<Vec<News>, BadRecord> {
        let known = self.read().publishable_keys.get(record.key.as_str()).map(|key| key.0.clone());
        let known_at = known.as_deref().map(client_revision);
        let revoked = graves.publishable_keys.get(&record.key);
        if graves.is_late(revision, &record.app, revoked, known_at) {
            return Ok(Vec::new());
        }
        let terms = ClientTerms::compile(&record, revision)?;
        graves.publishable_keys.remove(&record.key);
        match known {
            Some(key) if key.app == record.app => {
                let before = key.terms();
                let is_narrower = before.is_some_and(|before| terms.is_narrower_than(&before));
                key.put(terms);
                Ok(narrowed(is_narrower, &key.app))
            }
            other => {
                let key = Arc::new(ClientKey::new(record.key, record.app, terms));
                let mut maps = self.write();
                maps.remove_publishable_key(key.name.as_str());
                maps.publishable_keys.insert(ByName(key.clone()));
                drop(maps);
                let ended = other.map(|other| {
                    self.warn_of_conflict(other.name.as_str(), &key.app, &other.app);
                    let (app, key) = (other.app.clone(), other.name.clone());
                    News::Ended(Kill::RevokePublishableKey { app, key })
                });
                Ok(ended.into_iter().collect())
            }
        }
    }

    /// The id in the memory that the app itself holds it in.
    fn own_id(&self, app: AppId) -> AppId {
        self.read().apps.get(&app).map_or(app, |known| known.id.clone())
    }

    fn warn_of_conflict(&self, key: &str, app: &AppId, holder: &AppId) {
        self.status.raise(Alarm::KeyConflict);
        tracing::error!(key, app = %app, holder = %holder, "one key, two apps");
    }

    pub(super) fn revoke_secret_key(
        &self,
        graves: &mut Graves,
        revision: Revision,
        id: &SecretKeyId,
    ) -> bool {
        let mut maps = self.write();
        let known = maps.secret_keys_by_id.get(id.as_str());
        if known.is_some_and(|key| secret_revision(&key.0) > revision) {
            return false;
        }
        maps.remove_secret_key(id.as_str());
        let at = graves.secret_keys.entry(id.clone()).or_default();
        *at = revision.max(*at);
        true
    }

    pub(super) fn revoke_publishable_key(
        &self,
        graves: &mut Graves,
        revision: Revision,
        key: &PublishableKey,
    ) -> bool {
        let mut maps = self.write();
        let known = maps.publishable_keys.get(key.as_str());
        if known.is_some_and(|key| client_revision(&key.0) > revision) {
            return false;
        }
        maps.remove_publishable_key(key.as_str());
        let at = graves.publishable_keys.entry(key.clone()).or_default();
        *at = revision.max(*at);
        true
    }

    /// Ends every key of a deleted app that is not newer than its deletion.
    pub(super) fn remove_keys_of(&self, app: &AppId, revision: Revision) {
        let mut maps = self.write();
        let secret_keys: Vec<_> = maps
            .secret_keys_by_id
            .iter()
            .filter(|ByName(key)| key.app == *app && secret_revision(key) <= revision)
            .map(|ByName(key)| key.name.clone())
            .collect();
        let publishable_keys: Vec<_> = maps
            .publishable_keys
            .iter()
            .filter(|ByName(key)| key.app == *app && client_revision(key) <= revision)
            .map(|ByName(key)| key.name.clone())
            .collect();
        secret_keys.iter().for_each(|id| maps.remove_secret_key(id.as_str()));
        publishable_keys.iter().for_each(|key| maps.remove_publishable_key(key.as_str()));
    }
}
