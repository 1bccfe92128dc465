//! What callers are told, what waits to be reported, and what happens when nobody takes it.

use super::*;
use crate::{
    admission::{QuotaRule, Spent},
    config::{Config, Flags},
    dialects::pusher::fixtures,
};
use actix_web::{App as Web, HttpResponse, HttpServer, http::StatusCode, web};
use bytes::Bytes;
use contract::refusal::RefusalBatch;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

fn exhausted() -> Refusal {
    Refusal::QuotaExhausted(Spent {
        rule: QuotaRule::Messages,
        used: 12,
        limit: 10,
        resets_at: 86_400,
        retry_after_s: 60,
    })
}

fn denied<'a>(refusal: &'a Refusal, message: &'a str) -> Denied<'a> {
    Denied {
        refusal: Some(refusal),
        dialect: Dialect::Pusher,
        transport: Transport::Http,
        key: Some("k1"),
        action: "POST /apps/{app}/events",
        channel: Some("news"),
        code: "rate_limited",
        message,
    }
}

#[test]
fn a_body_gets_one_more_member_and_keeps_the_others() {
    let told = Told::of(Some(&exhausted()), 0);
    let member = format!(
        r#""refusal":{{"request_id":"{}","code":"quota_exhausted","rule":"messages","used":12,"limit":10,"resets_at":86400}}"#,
        told.id
    );
    for (before, depth, after) in [
        (r#"{"error":"x"}"#, 1, format!(r#"{{"error":"x",{member}}}"#)),
        ("{}", 1, format!("{{{member}}}")),
        (
            r#"{"event":"e","data":{"code":1}}"#,
            2,
            format!(r#"{{"event":"e","data":{{"code":1,{member}}}}}"#),
        ),
        ("", 1, String::new()),
        ("text", 1, "text".into()),
        (r#"{"a":1}"#, 2, r#"{"a":1}"#.into()),
    ] {
        let told = told.into_frame(Bytes::from_static(before.as_bytes()), depth);
        assert_eq!(told, after, "{before}");
    }
}

#[test]
fn headers_say_what_is_known() {
    let names = |told: &Told| -> Vec<String> {
        told.headers().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
    };
    let told = Told::of(Some(&exhausted()), 0);
    let expected = [
        format!("x-request-id: {}", told.id),
        "x-refusal-code: quota_exhausted".into(),
        "x-refusal-rule: messages".into(),
        "x-refusal-used: 12".into(),
        "x-refusal-limit: 10".into(),
        "x-refusal-resets-at: 86400".into(),
    ];
    assert_eq!(names(&told), expected);
    let told = Told::of(None, 0);
    assert_eq!(names(&told), [format!("x-request-id: {}", told.id)]);
    let masked = Told::of(Some(&Refusal::AppDisabled), 0).masked(Some(RefusalCode::Unauthorised));
    assert!(names(&masked).contains(&"x-refusal-code: unauthorised".to_owned()));
}

#[test]
fn one_app_cannot_fill_the_ring_and_all_together_have_a_bound() {
    let gateway = fixtures::gateway(fixtures::directory(|_| {}));
    let app = gateway.directory.app_by_path(fixtures::APP).unwrap();
    let (ring, refusal) = (Ring::default(), exhausted());
    let record = || denied(&refusal, "m").record(&app, &Told::of(None, 0), 0);
    for _ in 0..200 {
        ring.note(&app.id, 1_000, record);
    }
    assert_eq!((ring.waiting(), ring.left_out()), (Ring::PER_APP as usize, 150));
    ring.note(&app.id, 1_999, || unreachable!("made although nothing more is kept"));
    for n in 0..Ring::MAX as u64 {
        ring.note(&n.to_string().parse().unwrap(), 5_000, record);
    }
    assert_eq!(ring.waiting(), Ring::MAX);
    let taken = ring.take(1_000);
    ring.note(&app.id, 6_000, record);
    ring.put_back(taken);
    assert_eq!(ring.waiting(), Ring::MAX, "the oldest made room for what came since");
}

#[test]
fn texts_of_strangers_are_cut() {
    let gateway = fixtures::gateway(fixtures::directory(|_| {}));
    let app = gateway.directory.app_by_path(fixtures::APP).unwrap();
    let (refusal, long) = (exhausted(), "é".repeat(2_000));
    let told = gateway.deny(Some(&app), Denied { channel: Some(&long), ..denied(&refusal, &long) });
    let [record] = &gateway.refused.take(10)[..] else { panic!("not one record") };
    assert_eq!(record.request_id, told.id.to_string());
    assert_eq!((record.message.len(), record.channel.as_ref().unwrap().len()), (512, 200));
    assert_eq!((record.used, record.limit, record.resets_at), (Some(12), Some(10), Some(86_400)));
    assert_eq!((record.key.as_deref(), record.rule.as_deref()), (Some("k1"), Some("messages")));
}

#[derive(Default)]
struct Script {
    taken: Mutex<Vec<RefusalBatch>>,
    /// What to answer first instead of taking a report.
    refusals: Mutex<VecDeque<StatusCode>>,
}

async fn take(body: web::Json<RefusalBatch>, script: web::Data<Arc<Script>>) -> HttpResponse {
    if let Some(status) = script.refusals.lock().unwrap().pop_front() {
        return HttpResponse::build(status).finish();
    }
    script.taken.lock().unwrap().push(body.into_inner());
    HttpResponse::NoContent().finish()
}

#[actix_web::test]
async fn reports_wait_for_a_control_plane_that_is_away_but_not_for_one_that_refuses_them() {
    let script = Arc::new(Script::default());
    let data = web::Data::new(script.clone());
    let server = HttpServer::new(move || {
        let json = web::JsonConfig::default().limit(RefusalBatch::MAX_BYTES);
        let route = web::post().to(take);
        Web::new().app_data(data.clone()).app_data(json).route("/internal/v1/refusals", route)
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let flags = Flags {
        control_plane_url: Some(format!("http://{}", server.addrs()[0])),
        gateway_id: Some("g1".into()),
        master_key: Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into()),
        gateway_token: Some("0123456789abcdef".into()),
        ..Flags::default()
    };
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    let reporter = Reporter::new(&Config::load(flags).unwrap()).unwrap();
    let gateway = fixtures::gateway(fixtures::directory(|_| {}));
    let app = gateway.directory.app_by_path(fixtures::APP).unwrap();
    let refusal = exhausted();
    let told = gateway.deny(Some(&app), denied(&refusal, "m"));
    gateway.deny(None, denied(&refusal, "of nobody"));
    script.refusals.lock().unwrap().push_back(StatusCode::SERVICE_UNAVAILABLE);
    assert!(reporter.report(&gateway).await.is_err());
    assert!(reporter.report(&gateway).await.is_ok());
    let taken = std::mem::take(&mut *script.taken.lock().unwrap());
    let [RefusalBatch { gateway: name, refusals }] = &taken[..] else { panic!("{taken:?}") };
    let ids: Vec<&str> = refusals.iter().map(|record| record.request_id.as_str()).collect();
    assert_eq!((name.as_str(), ids), ("g1", vec![told.id.to_string().as_str()]));
    gateway.deny(Some(&app), denied(&refusal, "m"));
    script.refusals.lock().unwrap().push_back(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(reporter.report(&gateway).await.is_ok());
    assert_eq!((gateway.refused.waiting(), gateway.refused.left_out()), (0, 1));
    handle.stop(false).await;
}
