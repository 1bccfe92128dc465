//! The session cookie and the CSRF token that belongs to it.

use crate::api::origin::Origins;
use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};
use contract::{TokenHash, credential::NoRandomness};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A session ends this long after sign-in.
pub const LIFETIME: time::Duration = time::Duration::days(14);
/// More sessions than this of one person: the oldest ends.
pub const MAX_PER_PERSON: i64 = 20;

/// What a session alone is not enough for needs a password at most this old.
pub const RECENT: std::time::Duration = std::time::Duration::from_secs(15 * 60);
/// How coarsely it is kept when a session was last seen.
pub const SEEN_EVERY: std::time::Duration = std::time::Duration::from_secs(5 * 60);
/// Of one person; the one not seen for longest is forgotten.
pub const KNOWN_DEVICES: i64 = 50;

/// What the cookie carries; only its hash is stored.
pub struct SessionToken(Zeroizing<String>);

impl SessionToken {
    pub fn generate() -> Result<Self, NoRandomness> {
        contract::credential::generate_opaque_token().map(|text| Self(text.into()))
    }

    pub fn from_request(request: &HttpRequest, origins: &Origins) -> Option<Self> {
        let cookie = request.cookie(cookie_name(origins))?;
        Some(Self(cookie.value().to_owned().into()))
    }

    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }

    /// Derived from the session, so that nothing more has to be stored. It does not lead back.
    pub fn csrf_token(&self) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes());
        // HMAC takes keys of any length.
        mac.map(|m| hex::encode(m.chain_update(b"csrf").finalize().into_bytes()))
            .unwrap_or_default()
    }

    pub fn csrf_matches(&self, presented: &str) -> bool {
        let expected = self.csrf_token();
        !expected.is_empty() && bool::from(expected.as_bytes().ct_eq(presented.as_bytes()))
    }

    pub fn cookie(&self, origins: &Origins) -> Cookie<'static> {
        build(origins, self.0.as_str().to_owned(), Duration::seconds(LIFETIME.whole_seconds()))
    }
}

/// Tells the browser to forget its session.
pub fn expired_cookie(origins: &Origins) -> Cookie<'static> {
    build(origins, String::new(), Duration::ZERO)
}

/// The `__Host-` prefix needs `Secure`, which plain http on this machine cannot have.
fn cookie_name(origins: &Origins) -> &'static str {
    match origins.secure() {
        true => "__Host-signalbox_session",
        false => "signalbox_session",
    }
}

fn build(origins: &Origins, value: String, max_age: Duration) -> Cookie<'static> {
    Cookie::build(cookie_name(origins), value)
        .path("/")
        .http_only(true)
        .secure(origins.secure())
        .same_site(SameSite::Lax)
        .max_age(max_age)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_csrf_token_belongs_to_one_session() {
        let (a, b) = (SessionToken::generate().unwrap(), SessionToken::generate().unwrap());
        assert!(a.csrf_matches(&a.csrf_token()));
        assert!(!a.csrf_matches(&b.csrf_token()));
        assert!(!a.csrf_matches(""));
    }

    #[test]
    fn cookies_are_locked_down() {
        let token = SessionToken::generate().unwrap();
        let public = token.cookie(&Origins::new("https://console.example.com").unwrap());
        let text = public.to_string();
        assert!(text.starts_with("__Host-signalbox_session="), "{text}");
        for part in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let local = token.cookie(&Origins::new("http://localhost:8000").unwrap()).to_string();
        assert!(local.starts_with("signalbox_session=") && !local.contains("Secure"), "{local}");
    }
}
