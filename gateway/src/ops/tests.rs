//! The routes of operators, asked as they would ask.

use super::configure_public;
use crate::{
    admission::tests::{app_record, given_app},
    config::{Config, Flags},
    directory::Directory,
    state::Gateway,
};
use actix_web::{App, test, web};
use contract::live::LiveKind;
use realtime::{EngineConfig, Router};
use std::{sync::Arc, time::Duration};

fn given_gateway() -> Arc<Gateway> {
    let flags = Flags {
        metrics_listen: Some("127.0.0.1:0".into()),
        master_key: Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into()),
        gateway_token: Some("0123456789abcdef".into()),
        ..Flags::default()
    };
    let config = Config::load(flags).expect("complete");
    let directory = Directory::new(config.master_key.clone());
    Gateway::new(config, directory, Router::local(EngineConfig::default()))
}

/// Status, `X-Health-Check` and body.
async fn ask(gateway: &Arc<Gateway>, path: &str) -> (u16, String, String) {
    let data = web::Data::from(gateway.clone());
    let app = test::init_service(App::new().app_data(data).configure(configure_public)).await;
    let response = test::call_service(&app, test::TestRequest::get().uri(path).to_request()).await;
    let status = response.status().as_u16();
    let check = response.headers().get("x-health-check").map(|v| v.to_str().unwrap().to_owned());
    let body = test::read_body(response).await;
    (status, check.unwrap_or_default(), String::from_utf8(body.to_vec()).unwrap())
}

#[actix_web::test]
async fn health_says_what_is_served() {
    let gateway = given_gateway();
    let answer = |status, word: &str| (status, word.to_owned(), word.to_owned());
    assert_eq!(ask(&gateway, "/up").await, answer(503, "ERROR"), "before a directory is there");
    assert_eq!(ask(&gateway, "/up/100042").await, answer(503, "ERROR"));

    given_app(&gateway.directory, app_record("100042", &[("k1", "secret")]));
    let mut disabled = app_record("7", &[("k7", "secret")]);
    disabled.enabled = false;
    given_app(&gateway.directory, disabled);
    gateway.directory.loaded(2);
    assert_eq!(ask(&gateway, "/up").await, answer(200, "OK"));
    assert_eq!(ask(&gateway, "/up/100042").await, answer(200, "OK"));
    assert_eq!(ask(&gateway, "/up/k1").await, answer(200, "OK"));
    assert_eq!(ask(&gateway, "/up/7").await, answer(503, "ERROR"), "disabled");
    assert_eq!(ask(&gateway, "/up/8").await, answer(404, "NOT_FOUND"));
    assert_eq!(ask(&gateway, "/live").await.0, 200);

    gateway.drain(0);
    assert_eq!(ask(&gateway, "/up").await, answer(503, "DRAINING"));
    assert_eq!(ask(&gateway, "/up/100042").await, answer(503, "DRAINING"));
}

#[actix_web::test]
async fn usage_is_in_bytes_of_the_process() {
    let (status, _, body) = ask(&given_gateway(), "/usage").await;
    let memory = &serde_json::from_str::<serde_json::Value>(&body).unwrap()["memory"];
    let number = |name: &str| memory[name].as_u64().expect(name);
    assert_eq!(status, 200);
    assert_eq!(number("free") + number("used"), number("total"));
    assert!(memory["percent"].as_f64().unwrap() > 0.0);
}

#[actix_web::test]
async fn metrics_have_the_names_that_dashboards_know() {
    let gateway = given_gateway();
    for id in 0..60 {
        let key = format!("k{id}");
        given_app(&gateway.directory, app_record(&id.to_string(), &[(&key, "secret")]));
        let app = gateway.directory.app_by_key(&key).unwrap();
        app.counters.own().wrote(id + 1, id + 1, 10);
        app.counters.add_request(200, 5, 2);
    }
    let text = super::exposition::render(&gateway);
    for line in [
        "# TYPE sockudo_connected gauge",
        "# TYPE sockudo_new_connections_total counter",
        "sockudo_ws_messages_sent_total{app_id=\"59\",port=\"6001\"} 60",
        "sockudo_ws_messages_sent_total{app_id=\"_other\",port=\"6001\"} 55",
        "sockudo_socket_transmitted_bytes{app_id=\"59\",port=\"6001\"} 10",
        "sockudo_http_calls_received_total{app_id=\"_other\",port=\"6001\"} 10",
        "sockudo_active_channels{port=\"6001\",channel_type=\"presence\"} 0",
        "signalbox_directory_apps 60",
        "signalbox_alarms_total{alarm=\"bad_record\"} 0",
        "signalbox_refusals_total{code=\"rate_limited\"} 0",
        "signalbox_api_requests_total{class=\"2xx\"} 60",
        "signalbox_alarms_total{alarm=\"usage_spool\"} 0",
        "signalbox_usage_reports_failed_total 0",
        "signalbox_usage_meters_in_memory 0",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
    }
    assert!(text.contains("\nprocess_resident_memory_bytes ") && text.ends_with('\n'));
    let labelled = text.matches("sockudo_connected{").count();
    assert_eq!(labelled, 51, "fifty apps and the others");
}

#[actix_web::test]
async fn dry_runs_are_for_the_bearer_of_the_token() {
    let gateway = given_gateway();
    given_app(&gateway.directory, app_record("100042", &[("k1", "secret")]));
    let app = gateway.directory.app_by_id("100042").unwrap();
    let key = crate::admission::KeyRef::Secret("0123456789ab".parse().unwrap());
    let now_s = crate::hub::clock::unix_ms() / 1_000;
    app.seen.on_channel(&key, contract::Action::Publish, &"b".parse().unwrap(), now_s);
    let (server, addr) = super::bind(&gateway).expect("a free port");
    let stop = server.handle();
    actix_rt::spawn(server);
    let ask = |app: &str, token: &str| {
        let url = format!("http://{addr}/internal/v1/apps/{app}/dry-run");
        let question = serde_json::json!({
            "key": {"secret": "0123456789ab"}, "actions": ["publish"], "channels": ["a"],
        });
        let http = crate::control_plane::http_client().unwrap();
        let request = http.post(url).bearer_auth(token).json(&question);
        async move { request.send().await.expect("an answer") }
    };
    assert_eq!(ask("100042", "another token 16").await.status(), 401);
    for (app, refused) in [("100042", 1), ("7", 0)] {
        let answer = ask(app, "0123456789abcdef").await;
        assert_eq!(answer.status(), 200);
        let findings: contract::dry_run::Findings = answer.json().await.unwrap();
        assert_eq!((findings.refused, findings.looked_at), (refused, refused), "app {app}");
    }
    stop.stop(false).await;
}

#[actix_web::test]
async fn live_events_are_for_the_bearer_of_the_token() {
    let gateway = given_gateway();
    given_app(&gateway.directory, app_record("100042", &[("k1", "secret")]));
    let server = super::bind(&gateway).expect("a free port");
    let url = |app: &str| format!("http://{}/internal/v1/apps/{app}/live", server.1);
    let handle = server.0.handle();
    actix_web::rt::spawn(server.0);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for (app, token, expected) in [
        ("100042", "0123456789abcdef", 200),
        ("100042", "0123456789abcdeg", 401),
        ("100042", "", 401),
        ("unheard_of", "0123456789abcdef", 404),
    ] {
        let answer = http.get(url(app)).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), expected, "{app} {token}");
    }

    let app = gateway.directory.app_by_key("k1").unwrap();
    let mut stream = http.get(url("100042")).bearer_auth("0123456789abcdef").send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "application/x-ndjson");
    assert_eq!(stream.chunk().await.unwrap().as_deref(), Some(&b"\n"[..]));
    assert!(app.live.is_watched());
    let socket_id = "1.2".parse().unwrap();
    let opened = LiveKind::ConnectionOpened { socket_id };
    gateway.live.emit(&app, 5, Some("pusher"), |_| opened);
    let line = stream.chunk().await.unwrap().expect("a line");
    let expected = "{\"at_ms\":5,\"dialect\":\"pusher\",\"kind\":\"connection_opened\",\"socket_id\":\"1.2\"}\n";
    assert_eq!(line, expected.as_bytes());
    drop(stream);
    for _ in 0..600 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        if !app.live.is_watched() {
            break;
        }
    }
    assert!(!app.live.is_watched(), "a reader that left costs nothing any more");
    handle.stop(false).await;
}
