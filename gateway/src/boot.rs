//! Names for starts of the process.

use std::io;

/// A fresh name for this start of the process, in the form of a UUID of version 4.
pub fn name() -> io::Result<String> {
    let mut bytes = contract::credential::random_bytes::<16>().map_err(io::Error::other)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    Ok(parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boots_have_fresh_names_of_the_usual_form() {
        let (one, other) = (name().unwrap(), name().unwrap());
        assert_ne!(one, other);
        assert_eq!((one.len(), one.as_bytes()[14]), (36, b'4'));
    }
}
