//! Which app a Bearer belongs to that is the app's secret, or derived from it, and names no app.

use crate::directory::{app::App, credential::Credential};
use contract::TokenHash;
use smallvec::SmallVec;
use std::{collections::HashMap, sync::Arc};

/// What a Bearer is for. Source: spec/anycable.md §2, spec/relay.md §2.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Api,
    Broadcast,
    /// Whatever an app's secret may do: the Bearer is the secret itself.
    Everything,
}

impl Purpose {
    pub const ALL: [Self; 3] = [Self::Api, Self::Broadcast, Self::Everything];

    /// What is signed with the app's secret to make the Bearer.
    pub fn label(self) -> Option<&'static str> {
        match self {
            Self::Api => Some("api-cable"),
            Self::Broadcast => Some("broadcast-cable"),
            Self::Everything => None,
        }
    }
}

/// By the hash of a Bearer, whose it is and what for.
#[derive(Debug, Default)]
pub struct Fingerprints(HashMap<TokenHash, SmallVec<[Print; 1]>>);

#[derive(Debug)]
struct Print {
    app: Arc<App>,
    purpose: Purpose,
}

impl Fingerprints {
    /// The one app that `hash` belongs to. With secrets that customers brought along, two apps can
    /// share one; then it names neither.
    pub fn find(&self, hash: &TokenHash) -> Option<(Arc<App>, Purpose)> {
        match self.0.get(hash)?.as_slice() {
            [Print { app, purpose }] => Some((app.clone(), *purpose)),
            _ => None,
        }
    }

    pub fn put(&mut self, app: &Arc<App>, credential: &Credential) {
        for (purpose, hash) in derived(credential) {
            let prints = self.0.entry(hash).or_default();
            let is_known = |print: &Print| print.is_of(app) && print.purpose == purpose;
            if !prints.iter().any(is_known) {
                prints.push(Print { app: app.clone(), purpose });
            }
        }
    }

    pub fn remove(&mut self, app: &Arc<App>, credential: &Credential) {
        for (_, hash) in derived(credential) {
            if let Some(prints) = self.0.get_mut(&hash) {
                prints.retain(|print| !print.is_of(app));
                if prints.is_empty() {
                    self.0.remove(&hash);
                }
            }
        }
    }
}

fn derived(credential: &Credential) -> impl Iterator<Item = (Purpose, TokenHash)> {
    credential.secrets().flat_map(|secret| Purpose::ALL.map(|p| (p, *secret.derived(p))))
}

impl Print {
    fn is_of(&self, app: &Arc<App>) -> bool {
        Arc::ptr_eq(&self.app, app)
    }
}
