use super::*;
use crate::config::{Config, Flags};
use actix_web::{App as Web, HttpResponse, HttpServer, http::StatusCode, web};
use contract::live::KeptBatch;
use std::{collections::VecDeque, sync::Mutex};

#[derive(Default)]
struct Script {
    taken: Mutex<Vec<KeptBatch>>,
    /// What to answer first instead of taking a report.
    refusals: Mutex<VecDeque<StatusCode>>,
}

async fn take(body: web::Json<KeptBatch>, script: web::Data<Arc<Script>>) -> HttpResponse {
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
        let json = web::JsonConfig::default().limit(KeptBatch::MAX_BYTES);
        let route = web::post().to(take);
        Web::new().app_data(data.clone()).app_data(json).route("/internal/v1/live-events", route)
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
    let reporter = Reporter::new(&Config::load(flags).unwrap(), "b-1").unwrap();
    let (gateway, app) = gateway_with(kept_for(1));
    let emit = |n: u64| {
        for _ in 0..n {
            gateway.live.emit(&app, 100_000, None, |place| published(place, "\u{1}"));
        }
    };
    let refuse = |status| script.refusals.lock().unwrap().push_back(status);
    let taken = || std::mem::take(&mut *script.taken.lock().unwrap());

    emit(60);
    refuse(StatusCode::SERVICE_UNAVAILABLE);
    assert!(reporter.report(&gateway).await.is_err());
    assert!(reporter.report(&gateway).await.is_ok());
    let batches = taken();
    let [KeptBatch { gateway: name, boot, events }] = &batches[..] else { panic!("{batches:?}") };
    assert_eq!((name.as_str(), boot.as_str(), events.len()), ("g1", "b-1", 51));
    let seqs: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=51).collect::<Vec<_>>());
    assert_eq!(events[50].event.what, LiveKind::Dropped { count: 10 });

    // What is refused for good is told as a number of events.
    gateway.live.emit(&app, 120_000, None, |place| published(place, "x"));
    refuse(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(reporter.report(&gateway).await.is_ok());
    assert_eq!((gateway.live.ring.waiting(), gateway.live.ring.left_out()), (0, 1));
    assert!(reporter.report(&gateway).await.is_ok());
    let batches = taken();
    assert_eq!(batches[0].events[0].event.what, LiveKind::Dropped { count: 1 });
    assert!(reporter.report(&gateway).await.is_ok());
    assert_eq!(taken(), [], "nothing happened since");
    handle.stop(false).await;
}
