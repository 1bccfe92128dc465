use super::talk::{NOTHING, Talk, error};
use crate::dialects::{Parting, relay::fixtures};
use contract::{TerminateCode, directory::Kill};

/// The error and the close of an ended connection.
fn ended(code: u16, reason: &str) -> Vec<String> {
    vec![error(code, reason, None), format!("close {code} {reason}")]
}

fn killed(talk: &mut Talk, kill: Kill) -> Vec<String> {
    talk.hear(|c, cx, out| c.on_kill(&kill, cx, out))
}

fn revoked(key: &str) -> Kill {
    Kill::RevokeCredential { app: fixtures::APP.parse().unwrap(), key: key.parse().unwrap() }
}

#[test]
fn what_ends_in_the_app_ends_the_connections_that_depend_on_it() {
    let app = || fixtures::APP.parse().unwrap();
    for (kill, expected) in [
        (Kill::DisableApp { app: app() }, ended(4001, "App is disabled")),
        (Kill::DeleteApp { app: app() }, ended(4001, "Invalid app key")),
        (revoked(fixtures::KEY), ended(4001, "Invalid app key")),
        (revoked(fixtures::NEXT_KEY), vec![]),
    ] {
        assert_eq!(killed(&mut Talk::new(), kill.clone()), expected, "{kill:?}");
    }
}

#[test]
fn the_end_of_a_key_ends_what_was_signed_with_it() {
    let auth = fixtures::auth(fixtures::NEXT_KEY, fixtures::NEXT_SECRET, "123.456:private-a");
    let mut talk = Talk::new();
    talk.subscribe("private-a", &format!(r#","auth":"{auth}""#));
    let expected = ended(4009, "The key this connection was authorized with is revoked");
    assert_eq!(killed(&mut talk, revoked(fixtures::NEXT_KEY)), expected);
}

#[test]
fn the_gateways_own_reasons_have_the_dialects_codes() {
    for (parting, code, reason) in [
        (Parting::Drain, 4200, "Server is shutting down"),
        (Parting::NoPong, 4200, "Ping not answered in time"),
        (Parting::UnfinishedMessage, 4100, "Message not finished in time"),
        (Parting::Flooding, 4100, "Too many messages in a second"),
        (Parting::SwitchedOff, 4001, "This protocol is switched off for the app"),
    ] {
        let said = Talk::new().hear(|c, cx, out| c.on_part(parting, cx, out));
        assert_eq!(said, ended(code, reason));
    }
    let (frame, code, reason) = Talk::new().conversation.too_slow();
    assert_eq!(frame, error(code, reason, None));
}

#[test]
fn a_terminated_user_is_told_with_the_apps_code() {
    for (setting, code) in [(TerminateCode::Reconnect, 4200), (TerminateCode::Stop, 4009)] {
        let mut talk = Talk::with(|record| record.settings.terminate_code = setting);
        let said = talk.hear(|c, cx, out| c.on_terminate(cx, out));
        assert_eq!(said, ended(code, "Terminated by API"));
    }
}

#[test]
fn where_the_app_demands_it_a_connection_is_authorised_in_time_or_closed() {
    let strict = || Talk::with(|record| record.settings.authorized_connections_only = true);
    let overdue = |talk: &mut Talk| {
        talk.now_ms += 30_000;
        talk.hear(|c, cx, out| c.on_tick(cx, out))
    };
    let expected = ended(4009, "Connection not authorized within timeout");
    let mut talk = strict();
    talk.join("chat", None);
    assert!(talk.conversation.has_deadline());
    assert_eq!(overdue(&mut talk), expected);
    let mut talk = strict();
    talk.join("private-a", None);
    assert!(!talk.conversation.has_deadline());
    assert_eq!(overdue(&mut talk), NOTHING);
    assert_eq!(overdue(&mut Talk::new()), NOTHING);
}

#[test]
fn the_end_gives_up_every_channel_joined_or_asked_for() {
    let mut talk = Talk::new();
    talk.join("private-a", None);
    talk.subscribe("chat", "");
    let mut left = talk.end();
    left.sort();
    assert_eq!(left, ["chat", "private-a"]);
    assert_eq!(talk.end(), NOTHING);
}
