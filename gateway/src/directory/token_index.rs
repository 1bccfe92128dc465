//! Secret keys by the hash of their token, without a second copy of the hash.

use super::scoped_key::SecretKey;
use contract::TokenHash;
use hashbrown::HashTable;
use std::{collections::HashMap, sync::Arc};

/// Finds a secret key by its present token or the one before it. A key's terms may only change
/// between [`TokenIndex::remove`] and [`TokenIndex::put`].
#[derive(Debug, Default)]
pub struct TokenIndex {
    current: HashTable<Arc<SecretKey>>,
    /// Tokens that were replaced a short while ago: few.
    previous: HashMap<TokenHash, Arc<SecretKey>>,
}

impl TokenIndex {
    pub fn find(&self, hash: &TokenHash) -> Option<&Arc<SecretKey>> {
        let found = self.current.find(place(hash), |key| hash_of(key) == Some(*hash));
        found.or_else(|| self.previous.get(hash))
    }

    pub fn put(&mut self, key: &Arc<SecretKey>) {
        let terms = key.load();
        let Some(terms) = terms.as_ref() else { return };
        let hash = terms.hash;
        match self.current.find_mut(place(&hash), |held| hash_of(held) == Some(hash)) {
            Some(held) => *held = key.clone(),
            None => {
                let again = |held: &Arc<SecretKey>| hash_of(held).as_ref().map_or(0, place);
                self.current.insert_unique(place(&hash), key.clone(), again);
            }
        }
        if let Some(previous) = terms.previous() {
            self.previous.insert(previous.hash, key.clone());
        }
    }

    pub fn remove(&mut self, key: &Arc<SecretKey>) {
        let terms = key.load();
        let Some(terms) = terms.as_ref() else { return };
        let held = self.current.find_entry(place(&terms.hash), |held| Arc::ptr_eq(held, key));
        if let Ok(held) = held {
            held.remove();
        }
        if let Some(previous) = terms.previous()
            && self.previous.get(&previous.hash).is_some_and(|held| Arc::ptr_eq(held, key))
        {
            self.previous.remove(&previous.hash);
        }
    }
}

/// A hash is as good as random, whoever chose the token.
fn place(hash: &TokenHash) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

fn hash_of(key: &SecretKey) -> Option<TokenHash> {
    key.load().as_ref().map(|terms| terms.hash)
}
