//! Following a control plane that says what the test tells it to.

use crate::{
    admission::tests::app_record,
    config::{Config, Flags},
    directory::{Alarm, Directory, News, feed},
};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use bytes::Bytes;
use contract::directory::{Change, Confirmation, Entry, Kill};
use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::mpsc, time::timeout};

const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const TOKEN: &str = "0123456789abcdef";

#[derive(Default)]
struct Script {
    /// Bodies of snapshots, in order; the last one is repeated.
    snapshots: Mutex<VecDeque<String>>,
    /// What the feed says to whoever follows it after a revision of at least `reaches_back_to`.
    feeds: Mutex<Vec<mpsc::UnboundedSender<String>>>,
    queries: Mutex<Vec<String>>,
    confirmed: Mutex<Vec<Confirmation>>,
    refuse_confirmations: Mutex<u32>,
    reaches_back_to: Mutex<u64>,
}

/// A control plane on loopback and the gateway's directory following it.
struct World {
    script: Arc<Script>,
    directory: Directory,
    state_dir: PathBuf,
    following: actix_rt::task::JoinHandle<()>,
    server: actix_web::dev::ServerHandle,
}

async fn snapshot(request: HttpRequest, script: web::Data<Arc<Script>>) -> HttpResponse {
    assert_eq!(request.headers().get("authorization").unwrap(), "Bearer 0123456789abcdef");
    let mut snapshots = script.snapshots.lock().unwrap();
    let body = match snapshots.len() {
        1 => snapshots[0].clone(),
        _ => snapshots.pop_front().expect("a snapshot"),
    };
    HttpResponse::Ok().body(body)
}

async fn follow_feed(request: HttpRequest, script: web::Data<Arc<Script>>) -> HttpResponse {
    script.queries.lock().unwrap().push(request.query_string().to_owned());
    let after = request.query_string().split('&').next().unwrap()["after=".len()..].to_owned();
    if after.parse::<u64>().unwrap() < *script.reaches_back_to.lock().unwrap() {
        return HttpResponse::Gone().finish();
    }
    let (sender, mut lines) = mpsc::unbounded_channel::<String>();
    script.feeds.lock().unwrap().push(sender);
    let lines = futures_util::stream::poll_fn(move |cx| {
        lines.poll_recv(cx).map(|line| line.map(|l| Ok::<_, actix_web::Error>(Bytes::from(l))))
    });
    HttpResponse::Ok().streaming(lines)
}

async fn confirm(body: web::Json<Confirmation>, script: web::Data<Arc<Script>>) -> HttpResponse {
    let mut refuse = script.refuse_confirmations.lock().unwrap();
    if *refuse > 0 {
        *refuse -= 1;
        return HttpResponse::ServiceUnavailable().finish();
    }
    script.confirmed.lock().unwrap().push(body.into_inner());
    HttpResponse::NoContent().finish()
}

impl World {
    async fn given(snapshots: &[String]) -> Self {
        let script = Arc::new(Script::default());
        script.snapshots.lock().unwrap().extend(snapshots.iter().cloned());
        let data = web::Data::new(script.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .route("/internal/v1/directory", web::get().to(snapshot))
                .route("/internal/v1/feed", web::get().to(follow_feed))
                .route("/internal/v1/confirmations", web::post().to(confirm))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        actix_rt::spawn(server);
        let name = hex::encode(contract::credential::random_bytes::<8>().unwrap());
        let state_dir = std::env::temp_dir().join(format!("signalbox-feed-{name}"));
        let flags = Flags {
            control_plane_url: Some(url),
            state_dir: Some(state_dir.clone()),
            gateway_id: Some("g1".into()),
            master_key: Some(KEY.into()),
            gateway_token: Some(TOKEN.into()),
            ..Flags::default()
        };
        let config = Config::load(flags).unwrap();
        let directory = Directory::new(config.master_key.clone());
        let followed = directory.clone();
        let following = actix_rt::spawn(async move { feed::follow(followed, &config, None).await });
        Self { script, directory, state_dir, following, server: handle }
    }

    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !holds(self) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(5), waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
    }

    async fn followed(&self, times: usize) {
        self.until("followed", |world| world.script.feeds.lock().unwrap().len() >= times).await;
    }

    fn say(&self, text: String) {
        self.script.feeds.lock().unwrap().last().unwrap().send(text).unwrap();
    }

    fn confirmed(&self) -> u64 {
        self.script.confirmed.lock().unwrap().iter().map(|c| c.revision).max().unwrap_or(0)
    }

    async fn end(self) {
        self.following.abort();
        self.server.stop(false).await;
        if self.state_dir.exists() {
            std::fs::remove_dir_all(&self.state_dir).unwrap();
        }
    }
}

fn app_line(id: &str) -> String {
    let record = app_record(id, &[(&format!("key-{id}"), "secret")]);
    serde_json::to_string(&Change::App(record)).unwrap()
}

fn whole(revision: u64, records: &[String]) -> String {
    let lines: String = records.iter().map(|line| format!("{line}\n")).collect();
    let end = format!(r#"{{"end":{{"revision":{revision},"records":{}}}}}"#, records.len());
    format!("{{\"snapshot\":{{\"revision\":{revision}}}}}\n{lines}{end}\n")
}

fn entry(revision: u64, change: Change) -> String {
    serde_json::to_string(&Entry { revision, change }).unwrap() + "\n"
}

fn put(revision: u64, id: &str) -> String {
    let key = format!("key-{id}");
    entry(revision, Change::App(app_record(id, &[(&key, "secret")])))
}

#[actix_web::test]
async fn a_snapshot_and_what_follows_are_applied_and_confirmed() {
    let world = World::given(&[whole(5, &[app_line("1")])]).await;
    world.followed(1).await;
    assert!(world.directory.app_by_path("1").is_some());
    let query = world.script.queries.lock().unwrap()[0].clone();
    assert!(query.starts_with("after=5&gateway=g1&boot="), "{query}");
    assert!(query.ends_with("&ops_url=http%3A%2F%2F127%2E0%2E0%2E1%3A9601"), "{query}");
    world.until("confirmed 5", |world| world.confirmed() == 5).await;
    let line = put(6, "2");
    world.say(line[..20].to_owned());
    world.say(line[20..].to_owned() + "{\"heartbeat\":{\"revision\":6}}\n");
    world.until("applied", |world| world.directory.app_by_key("key-2").is_some()).await;
    world.until("confirmed 6", |world| world.confirmed() == 6).await;
    world.end().await;
}

#[actix_web::test]
async fn a_kill_is_confirmed_once_the_workers_have_closed_its_sockets() {
    let world = World::given(&[whole(5, &[app_line("1")])]).await;
    let mut worker = world.directory.subscribe_kills();
    world.followed(1).await;
    world.until("confirmed 5", |world| world.confirmed() == 5).await;
    let app = "1".parse().unwrap();
    world.say(entry(6, Change::Kill(Kill::DisableApp { app })));
    let notice = timeout(Duration::from_secs(5), worker.recv()).await.unwrap().unwrap();
    assert!(!world.directory.app_by_path("1").unwrap().load().enabled, "in force before closing");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(world.confirmed(), 5, "not before the worker is done");
    notice.acknowledge();
    world.until("confirmed 6", |world| world.confirmed() == 6).await;
    world.end().await;
}

#[actix_web::test]
async fn a_confirmation_that_fails_is_sent_again() {
    let world = World::given(&[whole(5, &[app_line("1")])]).await;
    *world.script.refuse_confirmations.lock().unwrap() = 2;
    world.until("confirmed", |world| world.confirmed() == 5).await;
    world.end().await;
}

#[actix_web::test]
async fn a_broken_snapshot_is_not_used_and_the_next_one_is() {
    let cut_off = whole(5, &[app_line("1")]);
    let cut_off = cut_off[..cut_off.len() - 10].to_owned();
    let miscounted = whole(5, &[app_line("1")]).replace("\"records\":1", "\"records\":2");
    let world = World::given(&[cut_off, miscounted, whole(5, &[app_line("2")])]).await;
    world.followed(1).await;
    assert!(world.directory.app_by_path("1").is_none(), "nothing of a discarded snapshot");
    assert!(world.directory.app_by_path("2").is_some());
    assert_eq!(world.directory.status().raised(Alarm::SnapshotDiscarded), 2);
    world.end().await;
}

#[actix_web::test]
async fn too_far_back_means_a_snapshot_and_its_gaps_are_ends() {
    let world =
        World::given(&[whole(5, &[app_line("1"), app_line("2")]), whole(9, &[app_line("2")])])
            .await;
    let mut worker = world.directory.subscribe_kills();
    world.followed(1).await;
    *world.script.reaches_back_to.lock().unwrap() = 8;
    world.script.feeds.lock().unwrap().clear();
    let notice = timeout(Duration::from_secs(5), worker.recv()).await.unwrap().unwrap();
    assert_eq!(notice.news, News::Ended(Kill::DeleteApp { app: "1".parse().unwrap() }));
    notice.acknowledge();
    world.followed(1).await;
    assert_eq!(world.directory.status().applied(), 9);
    assert!(world.directory.app_by_path("1").is_none());
    world.until("confirmed 9", |world| world.confirmed() == 9).await;
    world.end().await;
}

#[actix_web::test]
async fn lines_that_are_not_understood_are_passed_over_and_garbage_ends_the_connection() {
    let world = World::given(&[whole(5, &[app_line("1")])]).await;
    world.followed(1).await;
    world.say("{\"revision\":6,\"change\":{\"type\":\"of_next_year\"}}\n{\"news\":1}\n".into());
    world.say(put(7, "2"));
    world.until("applied", |world| world.directory.app_by_path("2").is_some()).await;
    assert_eq!(world.directory.status().raised(Alarm::BadRecord), 1);
    assert_eq!(world.directory.status().raised(Alarm::FeedMalformed), 1);
    world.say(put(8, "3") + "<html>\n" + &put(9, "4"));
    world.followed(2).await;
    assert!(world.directory.app_by_path("3").is_some(), "what came before is good");
    assert!(world.directory.app_by_path("4").is_none(), "what came after is asked for again");
    let query = world.script.queries.lock().unwrap()[1].clone();
    assert!(query.starts_with("after=8&"), "{query}");
    world.end().await;
}

#[actix_web::test]
async fn what_was_followed_is_on_disk() {
    let world = World::given(&[whole(5, &[app_line("1")])]).await;
    world.followed(1).await;
    world.say(put(6, "2"));
    world.until("confirmed 6", |world| world.confirmed() == 6).await;
    let copy = Directory::new(crate::admission::tests::master());
    crate::directory::open(&copy, &world.state_dir).unwrap();
    assert_eq!(copy.status().applied(), 6);
    assert!(copy.app_by_key("key-1").is_some() && copy.app_by_key("key-2").is_some());
    world.end().await;
}
