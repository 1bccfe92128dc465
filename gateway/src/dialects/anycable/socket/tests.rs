use super::*;
use crate::dialects::anycable::fixtures;
use crate::hub::effect::Effect;
use actix_http::header::{HeaderMap, HeaderName, HeaderValue};
use contract::directory::AppRecord;
use futures_util::FutureExt;

const EXTENDED: &str = "actioncable-v1-ext-json";
/// The sheet's: `{"ext":"{\"user_id\":42}","exp":1893456000}`.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJleHQiOiJ7XCJ1c2VyX2lkXCI6NDJ9IiwiZXhwIjoxODkzNDU2MDAwfQ.iviBAAVmu4FgUnJWgoGNkHxU4s0FSD4hfwALVEOYCjk";
const LATE: &str = r#"{"ext":"{\"user_id\":42}","exp":1000}"#;

/// Who comes to the door, and to which app's.
struct Visit {
    gateway: Arc<Gateway>,
    key: &'static str,
    query: String,
    origin: Option<&'static str>,
    headers: HeaderMap,
}

impl Visit {
    fn to(change: impl FnOnce(&mut AppRecord)) -> Self {
        let (query, headers) = (String::new(), HeaderMap::new());
        Self {
            gateway: fixtures::gateway(change),
            key: fixtures::KEY,
            query,
            origin: None,
            headers,
        }
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).unwrap();
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    fn speaking(self, protocols: &str) -> Self {
        self.header("sec-websocket-protocol", protocols)
    }

    fn query(mut self, query: &str) -> Self {
        self.query = query.into();
        self
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            path: "/apps/app-42/cable",
            query: &self.query,
            host: None,
            origin: self.origin,
            is_tls: false,
            peer: None,
            headers: &self.headers,
        }
    }

    fn handshake(&self) -> Result<Handshake, StatusCode> {
        handshake(&self.gateway, &self.asked(), self.key).map_err(|refusal| refusal.status)
    }

    /// Lets the visitor in as socket `n`: its identity and its greeting, or what it is told.
    fn enter(&self, n: u64) -> Result<(Admission, String), String> {
        let asked = self.asked();
        let admitted = admit(&self.gateway, &asked, self.key, SocketId::from_random(n));
        let admitted = admitted.now_or_never().expect("nothing to wait for");
        let mut admission = admitted.map_err(|farewell| {
            let frames: Vec<&str> =
                farewell.frames.iter().map(|f| std::str::from_utf8(f).unwrap()).collect();
            crate::refusals::without_refusal(&format!("{} {}", frames.join(" "), farewell.code))
        })?;
        let (app, mut out) = (admission.app.clone(), Vec::new());
        let state = app.state();
        let cx = dialects::Cx {
            gateway: &self.gateway,
            app: &app,
            state: &state,
            now_ms: 0,
            unix_ms: 0,
        };
        admission.conversation.greeting(&cx, &mut out);
        let [Effect::Send(welcome)] = out.as_slice() else { panic!("{out:?}") };
        Ok((admission, String::from_utf8(welcome.to_vec()).unwrap()))
    }

    #[track_caller]
    fn refused(&self) -> String {
        match self.enter(1) {
            Ok((_, welcome)) => panic!("{welcome}"),
            Err(farewell) => farewell,
        }
    }

    #[track_caller]
    fn identity(&self) -> String {
        let (admission, _) = self.enter(1).unwrap_or_else(|farewell| panic!("{farewell}"));
        admission.conversation.identity().expect("everybody has one").to_owned()
    }
}

fn told(reason: &str, reconnect: bool) -> String {
    format!(r#"{{"type":"disconnect","reason":"{reason}","reconnect":{reconnect}}} 1000"#)
}

fn tokens_required(record: &mut AppRecord) {
    record.settings.anycable.anonymous = false;
}

/// The name in a welcome.
fn sid(welcome: &str) -> String {
    let frame: serde_json::Value = serde_json::from_str(welcome).unwrap();
    frame["sid"].as_str().expect("a name").to_owned()
}

#[test]
fn only_pages_of_other_origins_are_refused_over_http() {
    let picky = |record: &mut AppRecord| {
        record.settings.allowed_origins = vec!["https://app.example".into()];
    };
    for (origin, expected) in [
        (Some("https://app.example"), Ok(())),
        (Some("https://evil.example"), Err(StatusCode::FORBIDDEN)),
        (None, Err(StatusCode::FORBIDDEN)),
    ] {
        let visit = Visit { origin, ..Visit::to(picky) };
        assert_eq!(visit.handshake().map(|_| ()), expected, "{origin:?}");
        let anywhere = Visit { origin, ..Visit::to(|_| {}) };
        assert!(anywhere.handshake().is_ok(), "{origin:?}");
    }
    let nobody = Visit { key: "unknown", ..Visit::to(|_| {}) }.speaking(EXTENDED);
    assert_eq!(
        nobody.handshake().map(|h| h.protocol),
        Ok(Some(EXTENDED)),
        "told after the upgrade"
    );
}

#[test]
fn a_token_says_who_somebody_is() {
    let visit = || Visit::to(tokens_required);
    let nobody = told("unauthorized", false);
    assert_eq!(visit().query(&format!("jid={TOKEN}")).identity(), r#"{"user_id":42}"#);
    assert_eq!(visit().header("x-jid", TOKEN).identity(), r#"{"user_id":42}"#);
    let beside = format!("actioncable-v1-json, anycable-token.{TOKEN}");
    assert_eq!(visit().speaking(&beside).identity(), r#"{"user_id":42}"#);
    assert_eq!(visit().refused(), nobody);
    let bad_header = visit().header("x-jid", "bad").query(&format!("jid={TOKEN}"));
    assert_eq!(bad_header.refused(), nobody, "the header is asked first");
    let bad_protocol =
        visit().speaking("actioncable-v1-json, anycable-token.bad").query(&format!("jid={TOKEN}"));
    assert_eq!(bad_protocol.refused(), nobody, "then the protocol");
}

#[test]
fn every_bad_token_has_its_words() {
    let far = r#""exp":4000000000"#;
    for (jwt, expected) in [
        (fixtures::jwt(fixtures::SECRET, LATE), told("token_expired", false)),
        (fixtures::jwt("another", LATE), told("unauthorized", false)),
        (fixtures::jwt(fixtures::SECRET, &format!("{{{far}}}")), told("unauthorized", false)),
        (
            fixtures::jwt(fixtures::SECRET, &format!(r#"{{"ext":{{"user_id":42}},{far}}}"#)),
            told("unauthorized", false),
        ),
        (
            fixtures::jwt(fixtures::SECRET, r#"{"ext":"{}","nbf":4000000000}"#),
            told("unauthorized", false),
        ),
        ("garbage".to_owned(), told("unauthorized", false)),
    ] {
        for change in [tokens_required as fn(&mut AppRecord), |_| {}] {
            let visit = Visit::to(change).query(&format!("jid={jwt}"));
            assert_eq!(visit.refused(), expected, "{jwt}");
        }
    }
    let next = fixtures::jwt(fixtures::NEXT_SECRET, r#"{"ext":"{}"}"#);
    assert_eq!(Visit::to(tokens_required).query(&format!("jid={next}")).identity(), "{}");
}

#[test]
fn who_cannot_be_let_in_is_told_after_the_upgrade() {
    let nobody = told("unauthorized", false);
    assert_eq!(Visit { key: "unknown", ..Visit::to(|_| {}) }.refused(), nobody);
    assert_eq!(Visit { key: "", ..Visit::to(|_| {}) }.refused(), nobody);
    assert_eq!(Visit::to(|record| record.enabled = false).refused(), nobody);
    assert_eq!(Visit::to(|record| record.settings.dialects.anycable = false).refused(), nobody);
    assert_eq!(Visit::to(|r| r.settings.tls_only = true).refused(), told("tls_required", false));
    let full = Visit::to(|record| record.limits.max_connections = 1);
    let first = full.enter(1).unwrap_or_else(|farewell| panic!("{farewell}"));
    assert_eq!(full.refused(), told("too_many_connections", true));
    drop(first);
    assert!(full.enter(1).is_ok(), "the place is given back");
}

#[test]
fn a_resumed_connection_is_a_new_one_that_knows_the_old() {
    let visit = Visit::to(|_| {}).speaking(EXTENDED);
    let (first, welcome) = visit.enter(1).unwrap_or_else(|farewell| panic!("{farewell}"));
    assert!(!welcome.contains("restored"));
    let old = sid(&welcome);
    drop(first);
    let again = Visit { query: format!("sid={old}"), ..Visit::to(|_| {}) };
    let again = Visit { gateway: visit.gateway.clone(), ..again }.speaking(EXTENDED);
    for n in [2, 3] {
        let (_second, welcome) = again.enter(n).unwrap_or_else(|farewell| panic!("{farewell}"));
        assert!(welcome.ends_with(r#""restored":true,"restored_ids":[]}"#), "{welcome}");
        assert_ne!(sid(&welcome), old);
    }
    let app = fixtures::app(&visit.gateway).id.clone();
    let of_old = SocketId::from_random(1);
    assert_eq!(visit.gateway.resumes.latest(&app, of_old), SocketId::from_random(3));
}

#[test]
fn only_who_knows_the_whole_name_resumes_and_only_in_the_extended_protocol() {
    let visit = Visit::to(|_| {}).speaking(EXTENDED);
    let (_first, welcome) = visit.enter(1).unwrap_or_else(|farewell| panic!("{farewell}"));
    let old = sid(&welcome);
    let with = |sid: &str, protocol: &str| {
        let visit = Visit { gateway: visit.gateway.clone(), ..Visit::to(|_| {}) };
        let visit = visit.query(&format!("sid={sid}")).speaking(protocol);
        let (_second, welcome) = visit.enter(2).unwrap_or_else(|farewell| panic!("{farewell}"));
        welcome.contains("restored")
    };
    let mut guess = old.clone();
    let last = if guess.ends_with('A') { "B" } else { "A" };
    guess.replace_range(20.., last);
    assert!(with(&old, EXTENDED));
    assert!(!with(&guess, EXTENDED));
    assert!(!with("", EXTENDED));
    assert!(!with("1.1", EXTENDED));
    assert!(!with(&old, "actioncable-v1-json"));
    let by_header = Visit { gateway: visit.gateway.clone(), ..Visit::to(|_| {}) };
    let by_header = by_header.speaking(EXTENDED).header("x-anycable-restore-sid", &old);
    let welcome = by_header.query("sid=other").enter(2).map(|(_, welcome)| welcome);
    assert!(welcome.is_ok_and(|welcome| welcome.contains("restored")));
    let forged = visit.header("x-request-id", "pconpOF0JVn7vUEvTvCLd").enter(3);
    assert!(forged.is_ok_and(|(_, welcome)| !welcome.contains("pconpOF0")), "names are ours");
}

#[test]
fn resuming_takes_a_token_of_the_same_person_and_forgives_its_age() {
    let visit = Visit::to(tokens_required).speaking(EXTENDED).query(&format!("jid={TOKEN}"));
    let (first, welcome) = visit.enter(1).unwrap_or_else(|farewell| panic!("{farewell}"));
    drop(first);
    let old = sid(&welcome);
    let with = |jwt: Option<String>| {
        let token = jwt.map(|jwt| format!("&jid={jwt}")).unwrap_or_default();
        let visit = Visit { gateway: visit.gateway.clone(), ..Visit::to(|_| {}) };
        let visit = visit.speaking(EXTENDED).query(&format!("sid={old}{token}"));
        visit.enter(2).map(|(_, welcome)| welcome.contains("restored"))
    };
    let late = fixtures::jwt(fixtures::SECRET, LATE);
    let other = fixtures::jwt(fixtures::SECRET, r#"{"ext":"{\"user_id\":43}"}"#);
    let late_other = fixtures::jwt(fixtures::SECRET, r#"{"ext":"{\"user_id\":43}","exp":1000}"#);
    assert_eq!(with(Some(TOKEN.into())), Ok(true));
    assert_eq!(with(Some(late)), Ok(true));
    assert_eq!(with(Some(other)), Ok(false), "an ordinary welcome");
    assert_eq!(with(Some(late_other)), Err(told("token_expired", false)));
    assert_eq!(with(Some(fixtures::jwt("another", LATE))), Err(told("unauthorized", false)));
    assert_eq!(with(None), Err(told("unauthorized", false)), "the name alone is not enough");
}

#[test]
fn apps_that_end_connections_with_their_token_forgive_no_age() {
    let strict = |record: &mut AppRecord| record.settings.anycable.end_with_token = true;
    let visit = Visit::to(strict).speaking(EXTENDED).query(&format!("jid={TOKEN}"));
    let (_first, welcome) = visit.enter(1).unwrap_or_else(|farewell| panic!("{farewell}"));
    let late = fixtures::jwt(fixtures::SECRET, LATE);
    let again = visit.query(&format!("sid={}&jid={late}", sid(&welcome)));
    assert_eq!(again.refused(), told("token_expired", false));
}

#[test]
fn the_base_protocol_keeps_nothing_to_resume() {
    let visit = Visit::to(|_| {});
    let (_first, welcome) = visit.enter(1).unwrap_or_else(|farewell| panic!("{farewell}"));
    let again = visit.speaking(EXTENDED).query(&format!("sid={}", sid(&welcome)));
    let welcome = again.enter(2).map(|(_, welcome)| welcome);
    assert!(welcome.is_ok_and(|welcome| !welcome.contains("restored")));
}
