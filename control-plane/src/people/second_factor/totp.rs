//! Time-based one-time passwords (RFC 6238): SHA-1, six digits, thirty seconds, as every
//! authenticator app has them.

use contract::credential::{NoRandomness, random_bytes};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

const STEP_S: i64 = 30;
/// Clocks may differ by this many steps.
const SKEW: i64 = 1;
const SECRET_BYTES: usize = 20;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What the app and we share. In base32 it is what a person types into their app.
pub struct TotpSecret(Zeroizing<Vec<u8>>);

impl TotpSecret {
    pub fn generate() -> Result<Self, NoRandomness> {
        Ok(Self(Zeroizing::new(random_bytes::<SECRET_BYTES>()?.to_vec())))
    }

    pub fn from_base32(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new(Vec::new());
        let (mut held, mut bits) = (0u32, 0);
        for c in text.bytes() {
            let value = BASE32.iter().position(|&known| known == c)?;
            held = held << 5 | u32::try_from(value).ok()?;
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                bytes.push((held >> bits) as u8);
                held &= (1 << bits) - 1;
            }
        }
        Some(Self(bytes))
    }

    pub fn to_base32(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        let (mut held, mut bits) = (0u32, 0);
        for &byte in self.0.iter() {
            held = held << 8 | u32::from(byte);
            bits += 8;
            while bits >= 5 {
                bits -= 5;
                text.push(BASE32[(held >> bits & 31) as usize] as char);
            }
            held &= (1 << bits) - 1;
        }
        if bits > 0 {
            text.push(BASE32[(held << (5 - bits) & 31) as usize] as char);
        }
        text
    }

    /// The step whose code this is, if it is one of now or a step beside it. Every step is looked
    /// at, whatever matches.
    pub fn step_of(&self, code: u32, unix_s: i64) -> Option<i64> {
        let now = unix_s / STEP_S;
        let (mut found, mut step) = (Choice::from(0), 0i64);
        for candidate in now - SKEW..=now + SKEW {
            let same = self.code_at(candidate).ct_eq(&code);
            step = i64::conditional_select(&step, &candidate, same);
            found |= same;
        }
        bool::from(found).then_some(step)
    }

    pub fn code_at(&self, step: i64) -> u32 {
        // HMAC takes keys of any length.
        let Ok(mac) = Hmac::<Sha1>::new_from_slice(&self.0) else { return u32::MAX };
        let digest = mac.chain_update(step.to_be_bytes()).finalize().into_bytes();
        let at = usize::from(digest[19] & 15);
        let word = [digest[at] & 127, digest[at + 1], digest[at + 2], digest[at + 3]];
        u32::from_be_bytes(word) % 1_000_000
    }

    pub fn step_at(unix_s: i64) -> i64 {
        unix_s / STEP_S
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the last six of eight digits.
    #[test]
    fn codes_are_the_standards_own() {
        let secret = TotpSecret(Zeroizing::new(b"12345678901234567890".to_vec()));
        for (unix_s, code) in [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ] {
            assert_eq!(secret.code_at(TotpSecret::step_at(unix_s)), code, "{unix_s}");
            assert_eq!(secret.step_of(code, unix_s), Some(unix_s / 30), "{unix_s}");
        }
        assert_eq!(secret.to_base32().as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_clock_may_be_one_step_off_and_no_more() {
        let secret = TotpSecret::generate().unwrap();
        let now = 1_700_000_000;
        for (off, accepted) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let code = secret.code_at(TotpSecret::step_at(now) + off);
            assert_eq!(secret.step_of(code, now).is_some(), accepted, "{off}");
        }
    }

    #[test]
    fn base32_leads_back() {
        for length in 0..=20 {
            let secret = TotpSecret(Zeroizing::new((0..length).map(|n| n * 13 + 7).collect()));
            let text = secret.to_base32();
            assert_eq!(*TotpSecret::from_base32(&text).unwrap().0, *secret.0, "{}", text.as_str());
        }
        assert!(TotpSecret::from_base32("01").is_none());
    }
}
