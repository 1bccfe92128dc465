//! Every refusal in every dialect, over HTTP and on sockets, in one table: the machine code is the
//! same everywhere, the numbers and texts are each dialect's own.

use super::{anycable, metered, pusher, relay};
use crate::admission::{Feature, QuotaRule, Refusal, Rule, Spent, Whose, Why};
use contract::{Action, RefusalCode};

/// Close code of an upgrade, status over HTTP, and what stands in the body's member for codes.
type PusherSays = (u16, u16, &'static str);
/// Close code of an upgrade, status over HTTP.
type RelaySays = (u16, u16);
/// Reason of the last frame, whether to come back, status over HTTP, status for events.
type AnyCableSays = (&'static str, bool, u16, u16);
/// Close code of an upgrade, status over HTTP, and the member `error`.
type MeteredSays = (u16, u16, &'static str);

fn spent() -> Spent {
    let rule = QuotaRule::Messages;
    Spent { rule, used: 300_001, limit: 300_000, resets_at: 1_760_000_060, retry_after_s: 60 }
}

fn table() -> Vec<(Refusal, RefusalCode, PusherSays, RelaySays, AnyCableSays, MeteredSays)> {
    use RefusalCode as Code;
    let limited = |rule| Refusal::RateLimited { retry_after_ms: 1, rule, limit: 5 };
    let full = |whose| Refusal::ConnectionLimit { whose, used: 1, limit: 1 };
    let closed = ("unauthorized", false);
    let any = |(reason, back): (&'static str, bool), http, sse| (reason, back, http, sse);
    let busy = ("overloaded", true);
    let unauthorised = |why, relay: u16, late: bool| {
        let reason = if late { ("token_expired", false) } else { closed };
        (
            Refusal::Unauthorised(why),
            Code::Unauthorised,
            (4001, 401, "auth_failed"),
            (4001, relay),
            any(reason, 401, 401),
            (4001, 401, "unauthorized"),
        )
    };
    let mut rows = vec![
        unauthorised(Why::Missing, 401, false),
        unauthorised(Why::Parameter("auth_key"), 401, false),
        unauthorised(Why::Timestamp, 401, false),
        unauthorised(Why::Signature { signed: "x".into() }, 401, false),
        unauthorised(Why::BodyDigest, 401, false),
        unauthorised(Why::Token, 403, false),
        unauthorised(Why::TokenExpired, 403, true),
    ];
    for rule in [
        Rule::Publishes,
        Rule::KeyPublishes,
        Rule::Reads,
        Rule::FailedCredentials,
        Rule::ChannelSignatures,
        Rule::ClientEvents,
    ] {
        rows.push((
            limited(rule),
            Code::RateLimited,
            (4100, 429, "rate_limited"),
            (4100, 429),
            any(busy, 429, 429),
            (1013, 429, "rate_limited"),
        ));
    }
    for whose in [Whose::App, Whose::Organisation] {
        rows.push((
            full(whose),
            Code::ConnectionLimit,
            (4004, 429, "rate_limited"),
            (4100, 429),
            any(("too_many_connections", true), 429, 429),
            (4010, 429, "rate_limited"),
        ));
    }
    for feature in [Feature::History, Feature::Patterns, Feature::DirectMessages] {
        rows.push((
            Refusal::PlanFeature(feature),
            Code::PlanFeature,
            (4003, 403, "forbidden"),
            (4001, 403),
            any(closed, 403, 403),
            (4012, 403, "action_not_permitted"),
        ));
    }
    rows.extend([
        (
            Refusal::RouteUnknown,
            Code::RouteUnknown,
            (4005, 404, "not_found"),
            (4001, 404),
            any(closed, 404, 404),
            (1011, 404, "not_found"),
        ),
        (
            Refusal::AppUnknown,
            Code::AppUnknown,
            (4001, 404, "app_not_found"),
            (4001, 401),
            any(closed, 401, 401),
            (4001, 401, "unauthorized"),
        ),
        (
            Refusal::AppDisabled,
            Code::AppDisabled,
            (4003, 403, "forbidden"),
            (4001, 403),
            any(closed, 401, 401),
            (4012, 403, "account_suspended"),
        ),
        (
            Refusal::DialectDisabled,
            Code::DialectDisabled,
            (4003, 403, "forbidden"),
            (4001, 403),
            any(closed, 403, 401),
            (4012, 403, "dialect_disabled"),
        ),
        (
            Refusal::BodyTooLarge { limit: 1 },
            Code::BodyTooLarge,
            (4200, 413, "payload_too_large"),
            (4200, 413),
            any(busy, 413, 413),
            (1011, 413, "invalid_request"),
        ),
        (
            Refusal::EventTooLarge { limit: 1 },
            Code::EventTooLarge,
            (4200, 413, "payload_too_large"),
            (4200, 413),
            any(busy, 413, 413),
            (1011, 413, "invalid_request"),
        ),
        (
            Refusal::ScopeAction(Action::Publish),
            Code::ScopeAction,
            (4009, 403, "forbidden"),
            (4001, 403),
            any(closed, 403, 403),
            (4001, 403, "action_not_permitted"),
        ),
        (
            Refusal::ScopeChannel,
            Code::ScopeChannel,
            (4009, 403, "forbidden"),
            (4001, 403),
            any(closed, 403, 403),
            (4003, 403, "channel_not_authorized"),
        ),
        (
            Refusal::QuotaExhausted(spent()),
            Code::QuotaExhausted,
            (4003, 429, "rate_limited"),
            (4001, 429),
            any(("quota_exceeded", false), 429, 429),
            (4012, 429, "over_message_quota"),
        ),
        (
            Refusal::ChannelLimit { limit: 1 },
            Code::ChannelLimit,
            (4009, 403, "limit_exceeded"),
            (4001, 403),
            any(closed, 403, 403),
            (4003, 403, "channel_limit_exceeded"),
        ),
        (
            Refusal::MemberLimit { limit: 1 },
            Code::MemberLimit,
            (4009, 403, "limit_exceeded"),
            (4001, 403),
            any(closed, 403, 403),
            (4003, 403, "channel_limit_exceeded"),
        ),
        (
            Refusal::OriginRefused,
            Code::OriginRefused,
            (4009, 403, "forbidden"),
            (4001, 403),
            any(closed, 403, 403),
            (4001, 403, "forbidden"),
        ),
        (
            Refusal::AddressRefused,
            Code::AddressRefused,
            (4009, 403, "forbidden"),
            (4001, 403),
            any(closed, 403, 403),
            (4001, 403, "forbidden"),
        ),
        (
            Refusal::TlsRequired,
            Code::TlsRequired,
            (4000, 403, "forbidden"),
            (4001, 403),
            any(("tls_required", false), 403, 403),
            (4001, 403, "forbidden"),
        ),
        (
            Refusal::BadRequest("x".into()),
            Code::BadRequest,
            (4200, 400, "invalid_input"),
            (4200, 422),
            any(busy, 400, 400),
            (1011, 400, "invalid_request"),
        ),
        (
            Refusal::UnsupportedEncoding,
            Code::UnsupportedEncoding,
            (4200, 415, "unsupported_encoding"),
            (4200, 415),
            any(busy, 415, 415),
            (1011, 415, "invalid_request"),
        ),
        (
            Refusal::Overloaded { retry_after_ms: 1 },
            Code::Overloaded,
            (4100, 503, "backpressure"),
            (4100, 503),
            any(busy, 503, 503),
            (1013, 503, "internal_error"),
        ),
        (
            Refusal::Draining,
            Code::Draining,
            (4200, 503, "service_unavailable"),
            (4200, 503),
            any(("server_restart", true), 503, 503),
            (1001, 503, "internal_error"),
        ),
        (
            Refusal::Internal,
            Code::Internal,
            (4200, 500, "internal_error"),
            (4200, 500),
            any(busy, 500, 500),
            (1011, 503, "internal_error"),
        ),
    ]);
    rows
}

fn json(body: &[u8]) -> serde_json::Value {
    serde_json::from_slice(body).expect("JSON")
}

#[test]
fn every_cause_is_in_the_table_with_its_one_machine_code() {
    let rows = table();
    for (refusal, code, ..) in &rows {
        assert_eq!(refusal.code(), *code, "{refusal:?}");
    }
    for code in RefusalCode::ALL {
        assert!(rows.iter().any(|row| row.1 == code), "{} is in no row", code.as_str());
    }
}

#[test]
fn sockets_are_closed_with_their_dialects_codes() {
    for (refusal, _, (pusher, ..), (relay, _), (reason, back, ..), (metered, ..)) in table() {
        assert_eq!(pusher::errors::refuse_upgrade(&refusal, "k").code(), pusher, "{refusal:?}");
        assert_eq!(relay::errors::refuse_upgrade(&refusal).code(), relay, "{refusal:?}");
        assert_eq!(metered::errors::refuse_upgrade(&refusal).code(), metered, "{refusal:?}");
        let fatal = anycable::errors::Fatal::from(&refusal);
        let expected = format!(r#"{{"type":"disconnect","reason":"{reason}","reconnect":{back}}}"#);
        assert_eq!(fatal.frame(), expected, "{refusal:?}");
    }
}

/// What a stranger must not learn from the code, where the status does not say it either.
fn shown(code: RefusalCode, hidden: &[RefusalCode]) -> &'static str {
    match hidden.contains(&code) {
        true => RefusalCode::Unauthorised.as_str(),
        false => code.as_str(),
    }
}

#[test]
fn one_cause_has_one_machine_code_in_every_dialect() {
    use RefusalCode::{AppDisabled, AppUnknown};
    for (refusal, code, ..) in table() {
        for (answer, hidden) in [
            (pusher::http::refuse(refusal.clone()), &[][..]),
            (relay::http::refuse(refusal.clone()), &[]),
            (anycable::http::refuse(refusal.clone()), &[AppUnknown, AppDisabled]),
            (metered::http::refuse(refusal.clone()), &[AppUnknown]),
        ] {
            let header = |name: &str| {
                let found = answer.headers.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| value.to_str().unwrap().to_owned())
            };
            let expected = shown(code, hidden);
            assert_eq!(header("x-refusal-code").as_deref(), Some(expected), "{refusal:?}");
            let id = header("x-request-id").expect("every refusal has an id");
            let detail = refusal.detail(0);
            assert_eq!(header("x-refusal-rule").as_deref(), detail.rule, "{refusal:?}");
            if answer.body.is_empty() {
                continue;
            }
            let member = &json(&answer.body)["refusal"];
            assert_eq!((&member["code"], &member["request_id"]), (&expected.into(), &id.into()));
            for (name, value) in [("used", detail.used), ("limit", detail.limit)] {
                assert_eq!(member.get(name).and_then(|n| n.as_u64()), value, "{name}: {refusal:?}");
            }
        }
    }
}

#[test]
fn requests_are_answered_in_their_dialects_shapes() {
    for (refusal, _, pusher, relay, (_, _, anycable, sse), metered) in table() {
        let waits = refusal.retry_after_s().is_some();
        let answer = pusher::http::refuse(refusal.clone());
        let body = json(&answer.body);
        assert_eq!((answer.status.as_u16(), body["code"].as_str()), (pusher.1, Some(pusher.2)));
        assert_eq!(body["status"], pusher.1, "{refusal:?}");
        assert!(body["error"].is_string());
        let answers = [
            (pusher.1, answer),
            (relay.1, relay::http::refuse(refusal.clone())),
            (anycable, anycable::http::refuse(refusal.clone())),
            (metered.1, metered::http::refuse(refusal.clone())),
        ];
        for (status, answer) in &answers {
            assert_eq!(answer.status.as_u16(), *status, "{refusal:?}");
            let says_when = answer.headers.iter().any(|(name, _)| name == "retry-after");
            assert_eq!(says_when, waits, "{refusal:?}");
        }
        assert!(json(&answers[1].1.body)["error"].is_string(), "{refusal:?}");
        assert!(answers[2].1.body.is_empty(), "{refusal:?}");
        let body = json(&answers[3].1.body);
        assert_eq!(body["error"], metered.2, "{refusal:?}");
        assert!(body["message"].is_string());
        assert_eq!(anycable::sse::status_of(&refusal).as_u16(), sse, "{refusal:?}");
    }
}
