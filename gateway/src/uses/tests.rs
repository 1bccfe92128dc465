//! What counts as a use, and reporting it to a control plane that does as the test tells it.

use super::Reporter;
use crate::{
    admission::{
        connect, publishable,
        tests::{KEY, NOW_S, SECRET, app_record, ask, given_app, given_directory, given_key},
    },
    config::{Config, Flags},
    control_plane::ReportError,
    directory::{Directory, SigningKey},
};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, http::StatusCode, web};
use contract::{
    AppSecret, PublishableKey, SecretKeyToken,
    directory::{AppCredential, Change, PublishableKeyRecord, SecretKeyRecord},
    uses::{PublishableKeyUse, Uses},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

/// A second pair of the sheet's app.
const NEXT: (&str, &str) = ("vk_demo_next", "s3cr3t-next-0a1b2c3d");

#[derive(Default)]
struct Script {
    taken: Mutex<Vec<Uses>>,
    /// What to answer first instead of taking a report.
    refusals: Mutex<VecDeque<StatusCode>>,
}

/// A control plane on loopback.
struct World {
    script: Arc<Script>,
    url: String,
    server: actix_web::dev::ServerHandle,
}

async fn take(
    request: HttpRequest,
    body: web::Json<Uses>,
    script: web::Data<Arc<Script>>,
) -> HttpResponse {
    assert_eq!(request.headers().get("authorization").unwrap(), "Bearer 0123456789abcdef");
    if let Some(status) = script.refusals.lock().unwrap().pop_front() {
        return HttpResponse::build(status).finish();
    }
    script.taken.lock().unwrap().push(body.into_inner());
    HttpResponse::NoContent().finish()
}

fn reporter(directory: &Directory, control_plane_url: String) -> Reporter {
    let flags = Flags {
        control_plane_url: Some(control_plane_url),
        gateway_id: Some("g1".into()),
        master_key: Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into()),
        gateway_token: Some("0123456789abcdef".into()),
        ..Flags::default()
    };
    Reporter::new(directory.clone(), &Config::load(flags).unwrap()).unwrap()
}

impl World {
    async fn given() -> Self {
        let script = Arc::new(Script::default());
        let data = web::Data::new(script.clone());
        let server = HttpServer::new(move || {
            let json = web::JsonConfig::default().limit(Uses::MAX_BYTES);
            App::new()
                .app_data(data.clone())
                .app_data(json)
                .route("/internal/v1/uses", web::post().to(take))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        actix_rt::spawn(server);
        Self { script, url, server: handle }
    }

    fn refuse_with(&self, status: StatusCode) {
        self.script.refusals.lock().unwrap().push_back(status);
    }

    /// The reports since the last call.
    fn taken(&self) -> Vec<Uses> {
        std::mem::take(&mut self.script.taken.lock().unwrap())
    }

    async fn end(self) {
        self.server.stop(false).await;
    }
}

/// Credentials of the sheet's app and all secret keys, each with its unreported use.
fn noted(directory: &Directory) -> Vec<(String, Option<u64>)> {
    let state = directory.app_by_path("100042").unwrap().state();
    let credentials = state.credentials.iter();
    let mut all: Vec<_> =
        credentials.map(|c| (c.key.to_string(), c.last_use.unreported())).collect();
    let keys = directory.secret_keys();
    all.extend(keys.iter().map(|key| (key.name.to_string(), key.last_use.unreported())));
    all
}

fn given_token(directory: &Directory) -> SecretKeyToken {
    let token = SecretKeyToken::generate().expect("random");
    given_key(directory, key_record(&token));
    token
}

fn key_record(token: &SecretKeyToken) -> SecretKeyRecord {
    SecretKeyRecord {
        id: token.id(),
        app: "100042".parse().unwrap(),
        hash: token.hash(),
        actions: Vec::new(),
        channels: Vec::new(),
        expires_at: None,
        sealed_token_secret: None,
        previous: None,
        max_publishes_per_s: None,
        allowed_addresses: Vec::new(),
    }
}

/// The target of a signed request without a body.
fn signed((key, secret): (&str, &str)) -> String {
    let path = "/apps/100042/channels";
    let query = format!("auth_key={key}&auth_timestamp={NOW_S}&auth_version=1.0");
    let text = format!("GET\n{path}\n{query}");
    let signature = hex::encode(SigningKey::new(secret).sign(&[text.as_bytes()]));
    format!("{path}?{query}&auth_signature={signature}")
}

fn use_pair(directory: &Directory, pair: (&str, &str)) {
    assert!(ask(directory, "GET", &signed(pair), None).unwrap().admit(b"").is_ok());
}

fn use_token(directory: &Directory, token: &SecretKeyToken) {
    let bearer = format!("Bearer {}", token.expose());
    let pending = ask(directory, "GET", "/apps/100042/channels", Some(&bearer)).unwrap();
    assert!(pending.admit(b"").is_ok());
}

fn with_two_pairs() -> Directory {
    let directory = given_directory();
    given_app(&directory, app_record("100042", &[(KEY, SECRET), NEXT]));
    directory
}

#[test]
fn an_admitted_request_is_a_use_of_its_credential_alone() {
    let directory = with_two_pairs();
    let token = given_token(&directory);
    let id = token.id().to_string();
    let all = |first, next, key| {
        vec![(KEY.to_owned(), first), (NEXT.0.to_owned(), next), (id.clone(), key)]
    };
    assert_eq!(noted(&directory), all(None, None, None));
    use_pair(&directory, NEXT);
    assert_eq!(noted(&directory), all(None, Some(NOW_S), None));
    use_token(&directory, &token);
    assert_eq!(noted(&directory), all(None, Some(NOW_S), Some(NOW_S)));
    let app = directory.app_by_path("100042").unwrap();
    let mut permit = connect(&app, None, false).unwrap();
    assert_eq!(noted(&directory), all(None, Some(NOW_S), Some(NOW_S)), "of no key yet");
    permit.opened_with(&KEY.parse().unwrap(), (NOW_S + 5) * 1_000);
    permit.opened_with(&"unknown".parse().unwrap(), (NOW_S + 5) * 1_000);
    assert_eq!(noted(&directory), all(Some(NOW_S + 5), Some(NOW_S), Some(NOW_S)));
}

#[actix_web::test]
async fn keys_that_connections_were_opened_with_are_reported() {
    let world = World::given().await;
    let directory = given_directory();
    let key: PublishableKey = "pk_live_demo".parse().unwrap();
    let record = PublishableKeyRecord {
        key: key.clone(),
        app: "100042".parse().unwrap(),
        actions: Vec::new(),
        channels: Vec::new(),
        allowed_origins: Vec::new(),
        allow_no_origin: false,
        ice_servers: true,
        expires_at: None,
    };
    let next = directory.status().applied() + 1;
    assert!(directory.apply(next, Change::PublishableKey(record)).is_none());
    let bearing = publishable(&directory, key.as_str(), None, NOW_S * 1_000).unwrap();
    let reporter = reporter(&directory, world.url.clone());
    reporter.report().await.unwrap();
    assert_eq!(world.taken(), [], "not used yet");
    bearing.used(NOW_S * 1_000);
    reporter.report().await.unwrap();
    let used = vec![PublishableKeyUse { key, at_s: NOW_S }];
    assert_eq!(world.taken(), [Uses { publishable_keys: used, ..Uses::of("g1") }]);
    reporter.report().await.unwrap();
    assert_eq!(world.taken(), [], "once");
    world.end().await;
}

#[test]
fn a_refused_request_is_no_use() {
    let directory = given_directory();
    let forged = signed((KEY, "another secret"));
    assert!(ask(&directory, "GET", &forged, None).is_err());
    let pending = ask(&directory, "GET", &signed((KEY, SECRET)), None).unwrap();
    assert!(pending.admit(b"a body that nobody signed").is_err());
    assert_eq!(noted(&directory), [(KEY.to_owned(), None)]);
}

#[test]
fn a_use_outlives_new_versions_of_what_was_used() {
    let directory = given_directory();
    let token = given_token(&directory);
    use_pair(&directory, (KEY, SECRET));
    use_token(&directory, &token);
    let used = noted(&directory);
    assert!(used.iter().all(|(_, at)| *at == Some(NOW_S)));
    // Sealed anew, so compiled anew.
    given_app(&directory, app_record("100042", &[(KEY, SECRET)]));
    given_key(&directory, key_record(&token));
    assert_eq!(noted(&directory), used);
    let secret: AppSecret = "of-now-on".parse().unwrap();
    given_app(&directory, app_record("100042", &[(KEY, secret.expose())]));
    assert_eq!(noted(&directory), used, "another secret");
}

#[actix_web::test]
async fn what_changed_since_the_last_report_is_reported() {
    let world = World::given().await;
    let directory = with_two_pairs();
    let token = given_token(&directory);
    let reporter = reporter(&directory, world.url.clone());
    reporter.report().await.unwrap();
    assert_eq!(world.taken(), [], "nothing to say");
    use_pair(&directory, (KEY, SECRET));
    use_token(&directory, &token);
    reporter.report().await.unwrap();
    let id = token.id();
    let report = serde_json::json!({
        "gateway": "g1",
        "credentials": [{"key": KEY, "at_s": NOW_S}],
        "secret_keys": [{"id": id, "at_s": NOW_S}],
    });
    assert_eq!(world.taken(), [serde_json::from_value::<Uses>(report).unwrap()]);
    use_pair(&directory, (KEY, SECRET));
    reporter.report().await.unwrap();
    assert_eq!(world.taken(), [], "the control plane knows that second already");
    use_pair(&directory, NEXT);
    reporter.report().await.unwrap();
    let [report] = &world.taken()[..] else { panic!("one report") };
    assert_eq!((report.entries(), report.credentials[0].key.as_str()), (1, NEXT.0));
    world.end().await;
}

/// An app with `count` credentials, all used.
fn given_many_used(directory: &Directory, count: usize) {
    let mut left = count;
    for id in 300_000.. {
        let here = left.min(64);
        let mut record = app_record(&id.to_string(), &[]);
        record.credentials = (0..here)
            .map(|n| {
                let key = format!("many_{id}_{n}");
                let sealed_secret = crate::admission::tests::master().seal("s", &key).unwrap();
                AppCredential {
                    key: key.parse().unwrap(),
                    sealed_secret,
                    expires_at: None,
                    previous: None,
                }
            })
            .collect();
        let revision = directory.status().applied() + 1;
        assert!(directory.apply(revision, Change::App(record)).is_none());
        let app = directory.app_by_path(&id.to_string()).unwrap();
        app.load().credentials.iter().for_each(|c| c.last_use.note(NOW_S));
        left -= here;
        if left == 0 {
            return;
        }
    }
}

#[actix_web::test]
async fn many_uses_make_several_reports_and_a_refused_one_keeps_no_other_back() {
    let world = World::given().await;
    let directory = given_directory();
    given_many_used(&directory, 2 * Uses::MAX_ENTRIES + 1);
    let reporter = reporter(&directory, world.url.clone());
    world.refuse_with(StatusCode::UNPROCESSABLE_ENTITY);
    let refused = reporter.report().await.unwrap_err();
    assert!(matches!(refused, ReportError::Status(status) if status == 422), "{refused}");
    let entries: Vec<_> = world.taken().iter().map(Uses::entries).collect();
    assert_eq!(entries, [1_000, 1]);
    reporter.report().await.unwrap();
    let entries: Vec<_> = world.taken().iter().map(Uses::entries).collect();
    assert_eq!(entries, [1_000], "what was refused, and nothing twice");
    world.end().await;
}

#[actix_web::test]
async fn what_a_control_plane_that_was_away_missed_is_reported_later() {
    let directory = given_directory();
    use_pair(&directory, (KEY, SECRET));
    // Nobody listens on the discard port.
    let away = reporter(&directory, "http://127.0.0.1:9".into()).report().await.unwrap_err();
    assert!(matches!(away, ReportError::Unreachable(_)), "{away}");
    let world = World::given().await;
    world.refuse_with(StatusCode::SERVICE_UNAVAILABLE);
    let reporter = reporter(&directory, world.url.clone());
    let rounds = actix_rt::spawn(async move { reporter.run(Duration::from_millis(10)).await });
    let reported = async {
        while world.script.taken.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), reported).await.expect("reported in time");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(world.taken().len(), 1, "once");
    rounds.abort();
    world.end().await;
}
