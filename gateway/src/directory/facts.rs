//! Which revision said what about an app. Pure: the rules by which a late record cannot undo a
//! kill, whatever the order in which the two arrive.

use contract::{AppKey, directory::Revision};

/// Per kind of fact the highest revision that stated it; 0 is never.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    record: Revision,
    record_enabled: bool,
    disabled: Revision,
    deleted: Revision,
    revoked: Vec<(AppKey, Revision)>,
}

impl Facts {
    /// Whether a record of `revision` is news: newer than the one held and than any deletion.
    pub fn takes_record(&self, revision: Revision) -> bool {
        revision > self.record && revision > self.deleted
    }

    /// Notes a record that was taken. Revocations older than it are in it already.
    pub fn record(&mut self, revision: Revision, enabled: bool) {
        self.record = revision;
        self.record_enabled = enabled;
        self.revoked.retain(|(_, at)| *at >= revision);
    }

    pub fn disable(&mut self, revision: Revision) {
        self.disabled = self.disabled.max(revision);
    }

    pub fn delete(&mut self, revision: Revision) {
        self.deleted = self.deleted.max(revision);
    }

    pub fn revoke(&mut self, key: &AppKey, revision: Revision) {
        match self.revoked.iter_mut().find(|(revoked, _)| revoked == key) {
            Some((_, at)) => *at = revision.max(*at),
            None if revision >= self.record => self.revoked.push((key.clone(), revision)),
            None => {}
        }
    }

    pub fn has_record(&self) -> bool {
        self.record > 0 && self.record > self.deleted
    }

    pub fn record_revision(&self) -> Revision {
        self.record
    }

    /// What the record says, whatever a kill says.
    pub fn is_record_enabled(&self) -> bool {
        self.record_enabled
    }

    pub fn is_enabled(&self) -> bool {
        self.record_enabled && self.record > self.disabled
    }

    pub fn disabled_since(&self) -> Option<Revision> {
        (self.disabled >= self.record && self.disabled > 0).then_some(self.disabled)
    }

    pub fn deleted_since(&self) -> Option<Revision> {
        (!self.has_record() && self.deleted > 0).then_some(self.deleted)
    }

    pub fn is_revoked(&self, key: &AppKey) -> bool {
        self.revoked.iter().any(|(revoked, at)| revoked == key && *at >= self.record)
    }

    pub fn revocations(&self) -> impl Iterator<Item = &(AppKey, Revision)> {
        self.revoked.iter().filter(|(_, at)| *at >= self.record)
    }

    /// The newest revision that said anything.
    pub fn newest(&self) -> Revision {
        let revoked = self.revoked.iter().map(|(_, at)| *at).max().unwrap_or(0);
        self.record.max(self.disabled).max(self.deleted).max(revoked)
    }
}
