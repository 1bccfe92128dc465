//! Recovery codes: 80 random bits each, once each.

use crate::db::PersonId;
use contract::{
    TokenHash,
    credential::{NoRandomness, random_bytes},
};
use zeroize::Zeroizing;

pub const HOW_MANY: usize = 10;
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const CHARS: usize = 16;

/// As it is stored and compared: without dashes, in small letters.
#[derive(Clone)]
pub struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    pub fn generate() -> Result<Self, NoRandomness> {
        let bytes = Zeroizing::new(random_bytes::<CHARS>()?);
        let text = bytes.iter().map(|b| ALPHABET[usize::from(b % 32)] as char);
        Ok(Self(Zeroizing::new(text.collect())))
    }

    /// However it was typed.
    pub fn parse(raw: &str) -> Option<Self> {
        let kept = raw.chars().filter(|c| !matches!(c, ' ' | '-')).map(|c| c.to_ascii_lowercase());
        let text: Zeroizing<String> = Zeroizing::new(kept.collect());
        let shaped = text.len() == CHARS && text.bytes().all(|b| ALPHABET.contains(&b));
        shaped.then_some(Self(text))
    }

    /// In groups of four.
    pub fn shown(&self) -> String {
        let groups = self.0.as_bytes().chunks(4).map(String::from_utf8_lossy);
        groups.collect::<Vec<_>>().join("-")
    }

    pub fn hash(&self, person: PersonId) -> TokenHash {
        TokenHash::of(&format!("recovery:{}:{}", person.0, self.0.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_recognised_however_it_is_typed() {
        let code = RecoveryCode::generate().unwrap();
        let shown = code.shown();
        assert_eq!(shown.len(), 19);
        for typed in
            [shown.clone(), shown.to_uppercase(), shown.replace('-', " "), shown.replace('-', "")]
        {
            assert_eq!(RecoveryCode::parse(&typed).unwrap().0, code.0, "{typed}");
        }
        for wrong in
            ["", "123456", "abcd-efgh-ijkm-npq", "abcd-efgh-ijkm-npql", "abcd-efgh-ijkm-npqr-s"]
        {
            assert!(RecoveryCode::parse(wrong).is_none(), "{wrong}");
        }
    }
}
