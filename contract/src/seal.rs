//! Sealing of secrets that must be read again: AES-256-GCM, versioned, bound to their place.
//!
//! Format: version (1 byte) ‖ nonce (12) ‖ ciphertext and tag. The place (for instance the app
//! key) is associated data, so a sealed secret moved to another row does not open.

use crate::credential::{NoRandomness, random_bytes};
use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("the master key must be 32 bytes in base64")]
    MasterKey,
    #[error("the sealed secret is of an unknown version or cut off")]
    Format,
    #[error("the sealed secret does not open with this master key in this place")]
    Open,
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// The key that seals all secrets of an installation.
#[derive(Clone)]
pub struct MasterKey(Aes256Gcm);

impl MasterKey {
    /// From base64 of 32 bytes, as in `SIGNALBOX_MASTER_KEY`.
    pub fn from_base64(raw: &str) -> Result<Self, SealError> {
        let bytes = Zeroizing::new(STANDARD.decode(raw.trim()).map_err(|_| SealError::MasterKey)?);
        let cipher = Aes256Gcm::new_from_slice(&bytes).map_err(|_| SealError::MasterKey)?;
        Ok(Self(cipher))
    }

    pub fn seal(&self, secret: &str, place: &str) -> Result<Vec<u8>, SealError> {
        let nonce = random_bytes::<NONCE_BYTES>()?;
        let payload = Payload { msg: secret.as_bytes(), aad: place.as_bytes() };
        let sealed = self.0.encrypt(&Nonce::from(nonce), payload).map_err(|_| SealError::Format)?;
        Ok([&[VERSION][..], &nonce, &sealed].concat())
    }

    pub fn open(&self, sealed: &[u8], place: &str) -> Result<Zeroizing<String>, SealError> {
        let (version, rest) = sealed.split_first().ok_or(SealError::Format)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::Format)?;
        if *version != VERSION {
            return Err(SealError::Format);
        }
        let payload = Payload { msg: text, aad: place.as_bytes() };
        let opened = self.0.decrypt(&Nonce::from(*nonce), payload).map_err(|_| SealError::Open)?;
        String::from_utf8(opened).map(Zeroizing::new).map_err(|_| SealError::Open)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(fill: u8) -> MasterKey {
        MasterKey::from_base64(&STANDARD.encode([fill; 32])).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_in_its_place_only() {
        let sealed = key(1).seal("s3cr3t", "app-key").unwrap();
        assert_eq!(key(1).open(&sealed, "app-key").unwrap().as_str(), "s3cr3t");
        assert_eq!(key(1).open(&sealed, "other").unwrap_err(), SealError::Open);
        assert_eq!(key(2).open(&sealed, "app-key").unwrap_err(), SealError::Open);
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        let sealed = key(1).seal("s3cr3t", "app-key").unwrap();
        for at in 0..sealed.len() {
            let mut broken = sealed.clone();
            broken[at] ^= 1;
            assert!(key(1).open(&broken, "app-key").is_err(), "byte {at}");
        }
        assert!(key(1).open(&sealed[..10], "app-key").is_err());
        assert!(key(1).open(&[], "app-key").is_err());
    }

    #[test]
    fn master_keys_are_32_bytes() {
        assert!(MasterKey::from_base64(&STANDARD.encode([0; 31])).is_err());
        assert!(MasterKey::from_base64("not base64!").is_err());
    }
}
