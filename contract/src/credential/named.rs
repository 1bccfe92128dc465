//! Tokens that carry their public id: `{prefix}{12 id}_{30 random}{checksum}`, base62.

use super::{
    BASE62, BadCredential, KEY_ID_CHARS, NoRandomness, RANDOM_CHARS, TokenHash, check_shape,
    is_base62, random_text, with_checksum,
};
use zeroize::Zeroizing;

/// What the kinds of such tokens share; each gives its own prefix.
#[derive(Clone)]
pub(super) struct NamedToken {
    text: Zeroizing<String>,
    prefix_chars: usize,
}

impl NamedToken {
    pub(super) fn generate(prefix: &str) -> Result<Self, NoRandomness> {
        Self::renewed(prefix, &random_text(BASE62, KEY_ID_CHARS)?)
    }

    /// Another token of the same id.
    pub(super) fn renewed(prefix: &str, id: &str) -> Result<Self, NoRandomness> {
        let random = random_text(BASE62, RANDOM_CHARS)?;
        let text = with_checksum(format!("{prefix}{id}_{random}")).into();
        Ok(Self { text, prefix_chars: prefix.len() })
    }

    pub(super) fn parse(prefix: &str, raw: &str) -> Result<Self, BadCredential> {
        check_shape(raw, prefix, |body| match body.split_once('_') {
            Some((id, random)) => is_id(id) && random.len() == RANDOM_CHARS && is_base62(random),
            None => false,
        })?;
        Ok(Self { text: raw.to_owned().into(), prefix_chars: prefix.len() })
    }

    pub(super) fn id(&self) -> &str {
        &self.text[self.prefix_chars..][..KEY_ID_CHARS]
    }

    pub(super) fn expose(&self) -> &str {
        &self.text
    }

    pub(super) fn hash(&self) -> TokenHash {
        TokenHash::of(&self.text)
    }

    /// What may be seen of it: prefix and id.
    pub(super) fn visible(&self) -> &str {
        &self.text[..self.prefix_chars + KEY_ID_CHARS]
    }
}

pub(super) fn is_id(raw: &str) -> bool {
    raw.len() == KEY_ID_CHARS && is_base62(raw)
}
