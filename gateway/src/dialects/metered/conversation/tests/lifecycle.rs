use super::talk::{ONE, Talk, assert_error};
use crate::dialects::{
    Parting, Seldom,
    metered::fixtures::{self, APP, KEY_ID, PK, Records},
};
use contract::directory::{Change, Kill};

const NOTHING: [&str; 0] = [];

fn kill(talk: &mut Talk, kill: &Kill) -> Vec<String> {
    talk.hear(|c, cx, out| c.on_kill(kill, cx, out))
}

#[test]
fn a_token_ends_its_connection_a_quarter_of_a_second_early() {
    let ends_at = fixtures::NOW_S + 60;
    let mut talk = Talk::with_token(|_| {}, &format!(r#"{{"sub":"u_1","exp":{ends_at}}}"#));
    let tick = |talk: &mut Talk| talk.hear(|c, cx, out| c.on_tick(cx, out));
    assert!(talk.conversation.has_deadline());
    assert_eq!(tick(&mut talk), NOTHING);
    talk.unix_ms = ends_at * 1_000 - 2_251;
    assert_eq!(tick(&mut talk), NOTHING);
    talk.unix_ms += 501;
    assert_eq!(tick(&mut talk), ["wake in 1500"]);
    assert_eq!(tick(&mut talk), NOTHING, "once");
    assert!(!talk.conversation.has_deadline());
    talk.unix_ms += 1_499;
    let wake = |talk: &mut Talk| talk.hear(|c, cx, out| c.on_wake(cx, out));
    assert_eq!(wake(&mut talk), ["wake in 1"], "the clock went back");
    talk.unix_ms += 1;
    assert_eq!(wake(&mut talk), ["close 4002 token_expired"]);
}

#[test]
fn a_token_that_is_nearly_over_is_waited_for_from_the_start() {
    let ends_at = fixtures::NOW_S + 1;
    let mut talk = Talk::with_token(|_| {}, &format!(r#"{{"sub":"u_1","exp":{ends_at}}}"#));
    let said = talk.hear(|c, cx, out| c.greeting(cx, out));
    assert_eq!(said[2], "wake in 750");
}

#[test]
fn a_key_that_runs_out_ends_its_connections_too() {
    let at = (fixtures::NOW_S + 1) as i64;
    let mut talk = Talk::with_key(|records| records.publishable.expires_at = Some(at));
    let said = talk.hear(|c, cx, out| c.greeting(cx, out));
    assert!(said[1].contains(r#""expiresAt":null"#), "{said:?}");
    assert_eq!(said[2], "wake in 750");
    let mut talk = Talk::with_token(|records| records.secret.expires_at = Some(at), ONE);
    assert_eq!(talk.hear(|c, cx, out| c.greeting(cx, out))[2], "wake in 750");
}

#[test]
fn an_open_key_has_nothing_to_wait_for() {
    assert!(!Talk::with_key(|_| {}).conversation.has_deadline());
}

#[test]
fn what_ends_elsewhere_ends_the_connections_that_depend_on_it() {
    let app = || APP.parse().unwrap();
    let token = |id: &str| Kill::RevokeSecretKey { app: app(), id: id.parse().unwrap() };
    let open = |key: &str| Kill::RevokePublishableKey { app: app(), key: key.parse().unwrap() };
    let other = Kill::RevokeCredential { app: app(), key: "a-key".parse().unwrap() };
    let invalid = ["close 4001 invalid_token"];
    for (by_key, what, expected) in [
        (false, token(KEY_ID), Some(invalid)),
        (false, token("sk_id_other"), None),
        (false, open(PK), None),
        (true, open(PK), Some(invalid)),
        (true, open("pk_live_other"), None),
        (true, token(KEY_ID), None),
        (true, other, None),
        (true, Kill::DeleteApp { app: app() }, Some(invalid)),
        (true, Kill::DisableApp { app: app() }, Some(["close 4012 account_suspended"])),
    ] {
        let mut talk = if by_key { Talk::with_key(|_| {}) } else { Talk::new() };
        let said = kill(&mut talk, &what);
        assert_eq!(said, expected.map(|e| e.to_vec()).unwrap_or_default(), "{what:?}");
    }
}

#[test]
fn the_gateways_own_reasons_have_their_codes() {
    for (parting, expected) in [
        (
            Parting::Drain,
            &[r#"{"type":"going_away","retryAfterMs":1000}"#, "close 1001 going_away"][..],
        ),
        (Parting::NoPong, &["close 1001 no answer to a ping"]),
        (Parting::UnfinishedMessage, &["close 1008 message not finished in time"]),
        (Parting::Flooding, &["close 4011 over_message_rate"]),
        (Parting::SwitchedOff, &["close 4012 dialect_disabled"]),
    ] {
        let said = Talk::new().hear(|c, cx, out| c.on_part(parting, cx, out));
        assert_eq!(said, expected, "{parting:?}");
    }
    let ended = Talk::new().hear(|c, cx, out| c.on_terminate(cx, out));
    assert_eq!(ended, ["close 4020 admin_disconnect"]);
    let (last, code, _) = Talk::new().conversation.too_slow();
    assert_error(&[String::from_utf8(last.to_vec()).unwrap()], None, "slow_consumer");
    assert_eq!(code, 1008);
    let full = realtime::JoinRefusal::Overloaded;
    assert_eq!(Talk::new().keep_out("#server-to-user-u_1", full), ["close 1013 over capacity"]);
}

#[test]
fn a_dialect_that_is_switched_off_is_left_at_the_next_message() {
    let mut talk = Talk::new();
    let mut record = fixtures::records().app;
    record.settings.dialects.metered = false;
    let _ = talk.gateway.directory.apply(9, Change::App(record));
    assert_eq!(talk.say(r#"{"type":"ping"}"#), ["close 4012 dialect_disabled"]);
}

#[test]
fn silence_is_broken_after_half_a_minute_at_most() {
    let seconds = |s: u32| {
        let talk = Talk::with_token(|r: &mut Records| r.app.settings.activity_timeout_s = s, ONE);
        talk.conversation.probe_after_ms(&talk.app.state())
    };
    assert_eq!([seconds(10), seconds(120)], [10_000, 30_000]);
}
