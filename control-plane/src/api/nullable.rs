//! Members of a patch that may be absent (it stays), null (it ends) or a value.

use serde::{Deserialize, Deserializer};
use time::OffsetDateTime;

pub fn value<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    d: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(d).map(Some)
}

/// A moment, as everywhere in RFC 3339.
pub fn moment<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Option<OffsetDateTime>>, D::Error> {
    time::serde::rfc3339::option::deserialize(d).map(Some)
}
