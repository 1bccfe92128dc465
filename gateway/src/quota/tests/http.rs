//! One gateway's real HTTP API, and a control plane on loopback that lends to it.

use super::control_plane::ControlPlane;
use crate::{
    admission::{Refusal, Whose},
    config::{Config, Flags},
    dialects::pusher::{fixtures, http::tests::house::House},
    directory::App,
    hub::clock,
    quota::{self, Asker},
};
use actix_web::{App as Web, HttpRequest, HttpResponse, HttpServer, web};
use contract::lease::LeaseRequest;
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

struct World {
    house: House,
    plane: Arc<Mutex<ControlPlane>>,
    server: actix_web::dev::ServerHandle,
    asking: actix_rt::task::JoinHandle<()>,
}

async fn answer(
    request: HttpRequest,
    asked: web::Json<LeaseRequest>,
    plane: web::Data<Arc<Mutex<ControlPlane>>>,
) -> HttpResponse {
    assert_eq!(request.headers().get("authorization").unwrap(), "Bearer a-token-for-tests");
    assert_eq!((asked.gateway.as_str(), asked.boot.as_str()), ("g1", "boot"));
    HttpResponse::Ok().json(plane.lock().unwrap().answer(&asked, clock::unix_ms()))
}

impl World {
    async fn given(units: u64, connections: u32) -> Self {
        let plane = Arc::new(Mutex::new(ControlPlane::with(units, connections)));
        let data = web::Data::new(plane.clone());
        let server = HttpServer::new(move || {
            Web::new().app_data(data.clone()).route("/internal/v1/leases", web::post().to(answer))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let flags = Flags {
            control_plane_url: Some(format!("http://{}", server.addrs()[0])),
            gateway_id: Some("g1".into()),
            master_key: Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into()),
            gateway_token: Some("a-token-for-tests".into()),
            ..Flags::default()
        };
        let server = server.run();
        let handle = server.handle();
        actix_rt::spawn(server);
        let house = House::with(|record| record.plan.is_metered = true);
        let asker = Asker::new(&Config::load(flags).unwrap(), "boot").unwrap();
        let gateway = house.gateway.clone();
        let asking = actix_rt::spawn(async move { asker.run(&gateway).await });
        Self { house, plane, server: handle, asking }
    }

    fn app(&self) -> Arc<App> {
        self.house.gateway.directory.app_by_path(fixtures::APP).unwrap()
    }

    /// How many of `n` publishes at once are accepted; the others are told to wait.
    async fn publish(&self, n: usize) -> usize {
        let body = r#"{"name":"e","channel":"news","data":"x"}"#;
        let answers = self.house.publish_at_once(body, n).await;
        for answer in &answers {
            match answer.status {
                200 => {}
                429 => assert!(answer.headers.contains_key("retry-after"), "{}", answer.text),
                other => panic!("{other}: {}", answer.text),
            }
        }
        answers.iter().filter(|answer| answer.status == 200).count()
    }

    async fn end(self) {
        self.asking.abort();
        self.server.stop(false).await;
    }
}

#[actix_web::test]
async fn of_two_hundred_requests_that_cross_a_quota_exactly_the_quota_passes() {
    let world = World::given(100, 10).await;
    assert_eq!(world.publish(200).await, 100);
    assert_eq!(world.publish(20).await, 0);
    world.end().await;
}

#[actix_web::test]
async fn a_raised_cap_lets_traffic_pass_again_within_two_seconds() {
    let world = World::given(30, 10).await;
    assert_eq!(world.publish(60).await, 30);
    world.plane.lock().unwrap().limit = 40;
    let raised = Instant::now();
    let mut passed = 0;
    while passed == 0 {
        assert!(raised.elapsed() < Duration::from_secs(2), "still refused");
        tokio::time::sleep(Duration::from_millis(50)).await;
        passed = world.publish(1).await;
    }
    assert_eq!(passed + world.publish(20).await, 10);
    world.end().await;
}

#[actix_web::test]
async fn without_a_control_plane_what_was_left_is_used_and_no_more() {
    let world = World::given(100, 10).await;
    assert_eq!(world.publish(40).await, 40);
    tokio::time::sleep(Duration::from_millis(700)).await;
    world.server.stop(false).await;
    let mut passed = 0;
    for _ in 0..12 {
        passed += world.publish(10).await;
    }
    assert_eq!(passed, 60);
    world.asking.abort();
}

#[actix_web::test]
async fn apps_that_were_never_leased_are_served_without_a_control_plane() {
    let house = House::with(|record| record.plan.is_metered = true);
    house
        .gateway
        .leases
        .enrol(&house.gateway.directory.app_by_path(fixtures::APP).unwrap(), clock::unix_ms());
    let asks = house.gateway.leases.asks(clock::unix_ms());
    house.gateway.leases.failed(asks);
    for _ in 0..60 {
        assert_eq!(house.publish(r#"{"name":"e","channel":"news","data":"x"}"#).await.status, 200);
    }
}

#[actix_web::test]
async fn connections_of_an_organisation_wait_for_their_places_and_end_at_its_limit() {
    let world = World::given(100, 25).await;
    let app = world.app();
    let connect = || quota::connect(&world.house.gateway.leases, &app, None, false);
    let mut permits = Vec::new();
    for n in 0..25 {
        permits.push(connect().await.unwrap_or_else(|refusal| panic!("{n}: {refusal}")));
    }
    let refused = connect().await.map(drop);
    let full = Refusal::ConnectionLimit { whose: Whose::Organisation, used: 25, limit: 25 };
    assert_eq!(refused, Err(full));
    permits.pop();
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert!(connect().await.is_ok(), "the place was given back");
    world.end().await;
}
