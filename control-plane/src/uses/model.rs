//! A gateway's report, checked.

use crate::{api::ApiError, gateways::model::check_name};
use contract::uses::{CredentialUse, PublishableKeyUse, SecretKeyUse, Uses};
use time::OffsetDateTime;

/// Names and times of the same length, as the database takes them.
#[derive(Debug, Default)]
pub struct LastUses {
    pub names: Vec<String>,
    pub at: Vec<OffsetDateTime>,
}

pub struct Report {
    pub credentials: LastUses,
    pub previous_secrets: LastUses,
    pub secret_keys: LastUses,
    pub previous_tokens: LastUses,
    pub publishable_keys: LastUses,
}

impl Report {
    /// Errors: a name that no gateway has, too many entries, a time beyond the year 9999.
    pub fn parse(uses: Uses) -> Result<Self, ApiError> {
        check_name(&uses.gateway)?;
        if uses.entries() > Uses::MAX_ENTRIES {
            let max = Uses::MAX_ENTRIES;
            return Err(ApiError::field("body", format!("has more than {max} entries")));
        }
        let (previous_secrets, credentials) =
            uses.credentials.into_iter().partition::<Vec<_>, _>(|used| used.previous);
        let (previous_tokens, secret_keys) =
            uses.secret_keys.into_iter().partition::<Vec<_>, _>(|used| used.previous);
        let credential = |CredentialUse { key, at_s, .. }| (key.into(), at_s);
        let secret_key = |SecretKeyUse { id, at_s, .. }| (id.into(), at_s);
        let publishable_keys = uses.publishable_keys.into_iter();
        Ok(Self {
            credentials: last_uses("credentials", credentials.into_iter().map(credential))?,
            previous_secrets: last_uses(
                "credentials",
                previous_secrets.into_iter().map(credential),
            )?,
            secret_keys: last_uses("secret_keys", secret_keys.into_iter().map(secret_key))?,
            previous_tokens: last_uses("secret_keys", previous_tokens.into_iter().map(secret_key))?,
            publishable_keys: last_uses(
                "publishable_keys",
                publishable_keys.map(|PublishableKeyUse { key, at_s }| (key.into(), at_s)),
            )?,
        })
    }
}

fn last_uses(
    field: &str,
    entries: impl Iterator<Item = (String, u64)>,
) -> Result<LastUses, ApiError> {
    let mut uses = LastUses::default();
    for (n, (name, at_s)) in entries.enumerate() {
        let at = i64::try_from(at_s).ok();
        let at = at.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
        let bad = || ApiError::field(format!("{field}[{n}].at_s"), "is not a time");
        uses.at.push(at.ok_or_else(bad)?);
        uses.names.push(name);
    }
    Ok(uses)
}
