//! Reporting to a control plane that does as the test tells it.

use super::{
    counting::{START, at, given_counters, key},
    folder,
};
use crate::{
    admission::tests::master,
    config::{Config, Flags},
    directory::{Alarm, Directory},
    metering::{Counters, Ledger, ReportError, Shipper, Spool},
};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, http::StatusCode, web};
use contract::usage::{Metric, Totals, UsageBatch};
use std::{
    collections::{HashMap, VecDeque},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

/// How a report is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Met {
    Taken,
    /// Committed, but the answer says otherwise.
    TakenUnheard,
    Refused(StatusCode),
}

type Rows = HashMap<(String, u64, String), Totals>;

#[derive(Default)]
struct Script {
    rows: Mutex<Rows>,
    posts: Mutex<u32>,
    next: Mutex<VecDeque<Met>>,
    /// A key whose rows are not taken.
    unwanted: Mutex<Option<&'static str>>,
}

/// A control plane on loopback, and a gateway's ledger.
struct World {
    script: Arc<Script>,
    server: actix_web::dev::ServerHandle,
    url: String,
    directory: Directory,
    counters: Counters,
    shipper: Shipper,
    folder: PathBuf,
}

async fn take(
    request: HttpRequest,
    body: web::Json<UsageBatch>,
    script: web::Data<Arc<Script>>,
) -> HttpResponse {
    assert_eq!(request.headers().get("authorization").unwrap(), "Bearer 0123456789abcdef");
    assert!(!body.rows.is_empty() && body.rows.len() <= UsageBatch::MAX_ROWS);
    *script.posts.lock().unwrap() += 1;
    let met = script.next.lock().unwrap().pop_front().unwrap_or(Met::Taken);
    if let Met::Refused(status) = met {
        return HttpResponse::build(status).finish();
    }
    let unwanted = *script.unwanted.lock().unwrap();
    if body.rows.iter().any(|row| Some(row.key.as_str()) == unwanted) {
        return HttpResponse::UnprocessableEntity().finish();
    }
    let UsageBatch { boot, rows, .. } = body.into_inner();
    let mut known = script.rows.lock().unwrap();
    for row in rows {
        known.entry((boot.clone(), row.minute, row.key)).or_default().merge(&row.totals);
    }
    match met {
        Met::TakenUnheard => HttpResponse::ServiceUnavailable().finish(),
        _ => HttpResponse::NoContent().finish(),
    }
}

impl World {
    async fn given(name: &str) -> Self {
        let script = Arc::new(Script::default());
        let data = web::Data::new(script.clone());
        let server = HttpServer::new(move || {
            let json = web::JsonConfig::default().limit(UsageBatch::MAX_BYTES);
            App::new()
                .app_data(data.clone())
                .app_data(json)
                .route("/internal/v1/usage", web::post().to(take))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        actix_rt::spawn(server);
        let folder = folder(name);
        let directory = given_directory(&folder, "boot-1");
        let counters = given_counters(directory.ledger());
        let shipper = Shipper::new(directory.clone(), &config(url.clone())).unwrap();
        Self { script, server: handle, url, directory, counters, shipper, folder }
    }

    fn ledger(&self) -> &Arc<Ledger> {
        self.directory.ledger()
    }

    fn count(&self, key_text: &str, n: u64) {
        let meter = key(&self.counters, key_text);
        (0..n).for_each(|_| meter.published(1));
    }

    fn meet(&self, met: impl IntoIterator<Item = Met>) {
        self.script.next.lock().unwrap().extend(met);
    }

    /// What the control plane knows: minute, key and events published.
    fn known(&self) -> Vec<(u64, String, u64)> {
        let rows = self.script.rows.lock().unwrap();
        let mut known: Vec<_> = rows
            .iter()
            .map(|((_, minute, key), totals)| {
                (minute - START, key.clone(), totals.get(Metric::Published))
            })
            .collect();
        known.sort();
        known
    }

    fn posts(&self) -> u32 {
        std::mem::take(&mut self.script.posts.lock().unwrap())
    }

    async fn end(self) {
        self.server.stop(false).await;
    }
}

fn given_directory(folder: &Path, boot: &str) -> Directory {
    let spool = Spool::open(folder, 1 << 20).unwrap();
    Directory::counting(master(), Ledger::open("g1", boot, spool, at(0)))
}

fn config(control_plane_url: String) -> Config {
    let flags = Flags {
        control_plane_url: Some(control_plane_url),
        gateway_id: Some("g1".into()),
        master_key: Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into()),
        gateway_token: Some("0123456789abcdef".into()),
        ..Flags::default()
    };
    Config::load(flags).unwrap()
}

fn status(outcome: Result<(), ReportError>) -> Option<u16> {
    match outcome {
        Ok(()) => None,
        Err(ReportError::Status(status)) => Some(status.as_u16()),
        Err(other) => panic!("{other}"),
    }
}

#[actix_web::test]
async fn what_is_counted_is_reported_as_it_changes() {
    let world = World::given("ship").await;
    world.count("a", 2);
    world.shipper.report().await.unwrap();
    assert_eq!(world.known(), [(0, "a".into(), 2)]);
    world.shipper.report().await.unwrap();
    assert_eq!(world.posts(), 1, "nothing is new");
    world.count("a", 1);
    world.count("b", 1);
    world.shipper.report().await.unwrap();
    assert_eq!(world.known(), [(0, "a".into(), 3), (0, "b".into(), 1)]);
    world.ledger().tick(at(1));
    world.count("a", 1);
    world.shipper.report().await.unwrap();
    assert_eq!(world.known()[2], (1, "a".into(), 1));
    world.end().await;
}

#[actix_web::test]
async fn what_a_control_plane_that_was_away_missed_comes_later_and_once() {
    let world = World::given("away").await;
    for minute in 1..=10 {
        world.count("a", minute);
        let away = Met::Refused(StatusCode::SERVICE_UNAVAILABLE);
        world.meet([if minute % 3 == 0 { Met::TakenUnheard } else { away }]);
        assert_eq!(status(world.shipper.report().await), Some(503));
        assert_eq!(world.posts(), 1, "one try and no more while it is away");
        world.ledger().tick(at(minute));
    }
    let spool = world.ledger().spool().unwrap();
    assert_eq!((spool.rows(), spool.oldest().unwrap().minute), (10, START));
    world.shipper.report().await.unwrap();
    assert_eq!((spool.rows(), spool.bytes()), (0, 0));
    let expected: Vec<_> = (0..10).map(|minute| (minute, "a".to_owned(), minute + 1)).collect();
    assert_eq!(world.known(), expected);
    world.end().await;
}

#[actix_web::test]
async fn a_row_that_is_not_taken_is_put_aside_and_keeps_no_other_back() {
    let world = World::given("unwanted").await;
    *world.script.unwanted.lock().unwrap() = Some("k0");
    for n in 0..200 {
        world.count(&format!("k{n}"), 1);
    }
    world.shipper.report().await.unwrap();
    let took_first = world.known().len();
    assert!((184..200).contains(&took_first), "{took_first}");
    world.shipper.report().await.unwrap();
    assert_eq!(world.known().len(), took_first, "not tried again in this minute");
    world.ledger().tick(at(1));
    world.shipper.report().await.unwrap();
    let spool = world.ledger().spool().unwrap();
    assert_eq!(spool.rows(), 0);
    let aside = fs::read_to_string(world.folder.join("usage/refused/boot-1.ndjson")).unwrap();
    let batch: UsageBatch = serde_json::from_str(aside.trim()).unwrap();
    assert!(batch.rows.iter().any(|row| row.key == "k0"), "{batch:?}");
    assert_eq!(world.known().len() + batch.rows.len(), 200, "each is somewhere");
    assert_eq!(spool.set_aside_count(), batch.rows.len() as u64);
    assert_eq!(world.directory.status().raised(Alarm::UsageRefused), 1);
    world.end().await;
}

#[actix_web::test]
async fn a_control_plane_that_does_not_know_us_is_no_reason_to_put_anything_aside() {
    let world = World::given("unknown").await;
    for code in [401, 403, 404, 429, 500] {
        world.count("a", 1);
        world.meet([Met::Refused(StatusCode::from_u16(code).unwrap())]);
        assert_eq!(status(world.shipper.report().await), Some(code));
    }
    world.shipper.report().await.unwrap();
    assert_eq!(world.known(), [(0, "a".into(), 5)]);
    assert_eq!(world.ledger().spool().unwrap().set_aside_count(), 0);
    world.end().await;
}

#[actix_web::test]
async fn what_an_earlier_start_left_is_reported_under_its_name() {
    let world = World::given("earlier").await;
    world.count("a", 3);
    world.ledger().tick(at(1));
    world.count("a", 4);
    let World { script, server, url, directory, counters, shipper, folder } = world;
    drop((directory, counters, shipper));
    let directory = given_directory(&folder, "boot-2");
    let counters = given_counters(directory.ledger());
    let shipper = Shipper::new(directory.clone(), &config(url.clone())).unwrap();
    let world = World { script, server, url, directory, counters, shipper, folder };
    world.count("a", 1);
    world.shipper.report().await.unwrap();
    let rows = world.script.rows.lock().unwrap().clone();
    let published = |boot: &str, minute| {
        rows[&(boot.to_owned(), START + minute, "a".to_owned())].get(Metric::Published)
    };
    assert_eq!([published("boot-1", 0), published("boot-1", 1)], [3, 4]);
    assert_eq!(published("boot-2", 0), 1);
    world.end().await;
}

#[actix_web::test]
async fn whatever_goes_wrong_in_between_the_sums_are_right_in_the_end() {
    let world = World::given("random").await;
    let mut random = 0x9E37_79B9_u64;
    let mut next = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let mut counted: HashMap<String, u64> = HashMap::new();
    let mut minute = 0;
    for _ in 0..400 {
        match next(4) {
            0 => {
                minute += next(3);
                world.ledger().tick(at(minute));
            }
            1 => {
                let met = match next(3) {
                    0 => Met::Taken,
                    1 => Met::TakenUnheard,
                    _ => Met::Refused(StatusCode::BAD_GATEWAY),
                };
                world.meet([met]);
                let _may_fail = world.shipper.report().await;
            }
            _ => {
                let (key, n) = (format!("k{}", next(5)), next(9));
                world.count(&key, n);
                *counted.entry(key).or_default() += n;
            }
        }
    }
    world.script.next.lock().unwrap().clear();
    world.shipper.report().await.unwrap();
    let mut known: HashMap<String, u64> = HashMap::new();
    for (_, key, n) in world.known() {
        *known.entry(key).or_default() += n;
    }
    counted.retain(|_, n| *n > 0);
    assert_eq!(known, counted);
    assert_eq!(world.ledger().spool().unwrap().rows(), 0);
    world.end().await;
}
