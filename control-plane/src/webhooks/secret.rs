//! The secret that signs an endpoint's requests in the standard form.

use base64::{Engine, engine::general_purpose::STANDARD};
use contract::{
    credential::{NoRandomness, random_bytes},
    seal::{MasterKey, SealError},
};
use uuid::Uuid;
use zeroize::Zeroizing;

const PREFIX: &str = "whsec_";
/// The specification asks for 24 to 64.
const BYTES: usize = 32;

/// `whsec_` and base64. It has no `Debug`: it is shown once, where it is made, and never logged.
#[derive(Clone)]
pub struct EndpointSecret(Zeroizing<String>);

impl EndpointSecret {
    pub fn generate() -> Result<Self, NoRandomness> {
        let bytes = Zeroizing::new(random_bytes::<BYTES>()?);
        Ok(Self(Zeroizing::new(format!("{PREFIX}{}", STANDARD.encode(bytes.as_slice())))))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the signature is made with.
    pub fn key(&self) -> Zeroizing<Vec<u8>> {
        let encoded = self.0.strip_prefix(PREFIX).unwrap_or(&self.0);
        Zeroizing::new(STANDARD.decode(encoded).unwrap_or_default())
    }

    pub fn seal(&self, key: &MasterKey, endpoint: Uuid) -> Result<Vec<u8>, SealError> {
        key.seal(&self.0, &place(endpoint))
    }

    pub fn open(key: &MasterKey, sealed: &[u8], endpoint: Uuid) -> Result<Self, SealError> {
        let text = key.open(sealed, &place(endpoint))?;
        let encoded = text.strip_prefix(PREFIX).ok_or(SealError::Format)?;
        STANDARD.decode(encoded).map_err(|_| SealError::Format)?;
        Ok(Self(text))
    }
}

fn place(endpoint: Uuid) -> String {
    format!("webhook:{endpoint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_for_its_endpoint_only() {
        let key = MasterKey::from_base64(&STANDARD.encode([7; 32])).unwrap();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let secret = EndpointSecret::generate().unwrap();
        let sealed = secret.seal(&key, one).unwrap();
        assert_eq!(EndpointSecret::open(&key, &sealed, one).unwrap().expose(), secret.expose());
        assert!(EndpointSecret::open(&key, &sealed, other).is_err());
        assert_eq!(secret.key().len(), BYTES);
        assert!(secret.expose().starts_with("whsec_"));
        let foreign = key.seal("whsec_not base64", &place(one)).unwrap();
        assert!(EndpointSecret::open(&key, &foreign, one).is_err());
    }
}
