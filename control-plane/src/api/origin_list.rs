//! Lists of origins that customers name: `https://host[:port]`.

use super::ApiError;

/// Longest origin, bytes: a scheme, a host name and a port.
const MAX_ORIGIN_BYTES: usize = 300;

/// Checks that each entry is an origin, in which `*` may stand for any part of the host.
pub fn check(field: &str, origins: &[String]) -> Result<(), ApiError> {
    check_each(field, origins, |b| b.is_ascii_alphanumeric() || b"-.:[]*".contains(&b))
}

/// The same where origins are compared whole.
pub fn check_literal(field: &str, origins: &[String]) -> Result<(), ApiError> {
    let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    check_each(field, origins, |b| lower(b) || b"-.:[]".contains(&b))
}

fn check_each(
    field: &str,
    origins: &[String],
    allowed: impl Fn(u8) -> bool,
) -> Result<(), ApiError> {
    for (at, origin) in origins.iter().enumerate() {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let plain = |host: &str| !host.is_empty() && host.bytes().all(&allowed);
        if origin.len() > MAX_ORIGIN_BYTES || !host.is_some_and(plain) {
            return Err(ApiError::field(format!("{field}[{at}]"), "must be http(s)://host[:port]"));
        }
    }
    Ok(())
}
