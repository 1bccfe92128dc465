//! A gateway's public routes without its sockets: two apps, an engine, somebody who listens.

use crate::{
    config::{Config, Flags},
    directory::{Directory, SigningKey},
    hub::{
        clock,
        inbox::{Inbox, ToWorker},
    },
    routes,
    state::Gateway,
};
use actix_web::{
    App,
    body::{BoxBody, MessageBody},
    dev::ServiceResponse,
    http::{Method, header::HeaderMap},
    test,
};
use contract::{
    AppLimits, AppSettings, OrganisationId,
    directory::{AppCredential, AppRecord, Change},
    seal::MasterKey,
};
use realtime::{Delivery, EngineConfig, Join, Member, OriginId, Outlet, Router, Topic};
use std::sync::{Arc, Mutex};

pub const APP: &str = "100042";
pub const KEY: &str = "cableapp1";
/// Source: spec/anycable.md §2, the vectors.
pub const SECRET: &str = "app-42-secret-key";
pub const API: &str = "5769a03eca4ed66bbafa648f35b9c0eeffeffbf6224bf2ceaff743b7cfc04c8f";
pub const BROADCAST: &str = "922a95c75aa63dc974c42fba4770a16289225f616f7652f26909875f70155e6d";
/// A second pair of the same app, as during a rotation.
pub const NEXT_SECRET: &str = "app-42-next-secret";
/// Somebody else's app.
pub const OTHER_KEY: &str = "otherapp";
pub const OTHER_SECRET: &str = "other-secret";
pub const DOMAIN: &str = "cable.example.com";

const MASTER: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

pub struct House {
    pub gateway: Arc<Gateway>,
    heard: Arc<Heard>,
    origin: OriginId,
    worker: Arc<Inbox>,
}

#[derive(Default)]
struct Heard(Mutex<Vec<Delivery>>);

impl Outlet for Heard {
    fn has_room(&self) -> bool {
        true
    }
    fn deliver(&self, delivery: Delivery) {
        self.0.lock().unwrap().push(delivery);
    }
}

pub struct Answer {
    pub status: u16,
    pub text: String,
    pub headers: HeaderMap,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A request: method, target, and whatever else it has.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub method: &'a str,
    pub target: &'a str,
    pub host: Option<&'a str>,
    pub bearer: Option<&'a str>,
    pub body: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
}

impl<'a> Asked<'a> {
    pub fn new(method: &'a str, target: &'a str) -> Self {
        Self { method, target, host: None, bearer: Some(API), body: "", headers: &[] }
    }
    pub fn by(self, bearer: Option<&'a str>) -> Self {
        Self { bearer, ..self }
    }
    pub fn with(self, body: &'a str) -> Self {
        Self { body, ..self }
    }
    pub fn at(self, host: &'a str) -> Self {
        Self { host: Some(host), ..self }
    }
    pub fn headers(self, headers: &'a [(&'a str, &'a str)]) -> Self {
        Self { headers, ..self }
    }
}

/// The Bearer that `secret` gives for `label`.
pub fn derived(secret: &str, label: &str) -> String {
    hex::encode(SigningKey::new(secret).sign(&[label.as_bytes()]))
}

fn record(id: &str, pairs: &[(&str, &str)]) -> AppRecord {
    let master = MasterKey::from_base64(MASTER).expect("32 bytes");
    let credential = |(key, secret): &(&str, &str)| AppCredential {
        key: key.parse().expect("a key"),
        sealed_secret: master.seal(secret, key).expect("sealed"),
        expires_at: None,
        previous: None,
    };
    AppRecord {
        id: id.parse().expect("an app id"),
        organisation: OrganisationId::new("organisation"),
        enabled: true,
        credentials: pairs.iter().map(credential).collect(),
        settings: AppSettings::default(),
        limits: AppLimits {
            max_publishes_per_s: 10_000,
            max_reads_per_s: 10_000,
            ..AppLimits::default()
        },
        plan: Default::default(),
        webhooks: Default::default(),
    }
}

impl House {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut AppRecord)) -> Self {
        let flags = Flags {
            master_key: Some(MASTER.into()),
            gateway_token: Some("a-token-for-tests".into()),
            cable_domain: Some(DOMAIN.into()),
            ..Flags::default()
        };
        let config = Config::load(flags).expect("the defaults");
        let router = Router::local(EngineConfig { shards: 16, ..EngineConfig::default() });
        let heard = Arc::new(Heard::default());
        let origin = router.register(heard.clone());
        let directory = Directory::new(MasterKey::from_base64(MASTER).expect("32 bytes"));
        let mut own = record(APP, &[(KEY, SECRET), ("cableapp2", NEXT_SECRET)]);
        change(&mut own);
        for (revision, record) in [(1, own), (2, record("7", &[(OTHER_KEY, OTHER_SECRET)]))] {
            assert!(directory.apply(revision, Change::App(record)).is_none());
        }
        let gateway = Gateway::new(config, directory, router);
        let worker = Arc::new(Inbox::default());
        gateway.enrol(worker.clone());
        Self { gateway, heard, origin, worker }
    }

    pub fn topic(channel: &str) -> Topic {
        Topic { app: APP.parse().unwrap(), channel: channel.parse().unwrap() }
    }

    /// Subscribes a connection, as a member where one is given.
    pub fn join(&self, channel: &str, socket: &str, member: Option<(&str, Option<&str>)>) {
        let member = member.map(|(user, info)| Member {
            user: user.parse().unwrap(),
            id_is_number: false,
            info: info.map(Into::into),
        });
        let join = Join {
            topic: Self::topic(channel),
            origin: self.origin,
            socket: socket.parse().unwrap(),
            member,
            replace_info: true,
            max_members: 100,
            announce_count: false,
        };
        self.gateway.router.join(join, clock::unix_ms());
        self.heard.0.lock().unwrap().clear();
    }

    /// Events delivered since the last call, as `channel name data`, and who was left out.
    pub fn heard(&self) -> Vec<String> {
        let heard = std::mem::take(&mut *self.heard.0.lock().unwrap());
        heard
            .into_iter()
            .filter_map(|delivery| match delivery {
                Delivery::Event(e) => {
                    let except = e.except.map(|socket| format!(" except {socket}"));
                    let (data, except) = (e.data.as_str(), except.unwrap_or_default());
                    Some(format!("{} {} {data}{except}", e.topic.channel, e.name))
                }
                _ => None,
            })
            .collect()
    }

    /// Identities that workers were told to disconnect, and whether they may come back.
    pub fn disconnected(&self) -> Vec<(String, bool)> {
        let mut taken = Vec::new();
        self.worker.swap(&mut taken);
        taken
            .into_iter()
            .filter_map(|item| match item {
                ToWorker::Disconnect { app, identity, reconnect } => {
                    assert_eq!(app.as_str(), APP);
                    Some((identity.to_string(), reconnect))
                }
                _ => None,
            })
            .collect()
    }

    pub async fn ask(&self, asked: Asked<'_>) -> Answer {
        let response = self.open(asked).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = String::from_utf8(test::read_body(response).await.to_vec()).expect("UTF-8");
        Answer { status, text, headers }
    }

    /// The response with its body still to come.
    pub async fn open(&self, asked: Asked<'_>) -> ServiceResponse<BoxBody> {
        let method: Method = asked.method.parse().unwrap();
        let mut request = test::TestRequest::with_uri(asked.target)
            .method(method)
            .set_payload(asked.body.to_owned());
        if !asked.body.is_empty() {
            request = request.insert_header(("Content-Length", asked.body.len()));
        }
        if let Some(host) = asked.host {
            request = request.insert_header(("Host", host));
        }
        if let Some(bearer) = asked.bearer {
            request = request.insert_header(("Authorization", format!("Bearer {bearer}")));
        }
        for header in asked.headers {
            request = request.insert_header(*header);
        }
        let app = App::new().configure(|config| routes::public(config, &self.gateway));
        let service = test::init_service(app).await;
        let response = test::call_service(&service, request.to_request()).await;
        response.map_body(|_, body| body.boxed())
    }

    pub async fn publish(&self, body: &str) -> u16 {
        let answer = self.ask(Asked::new("POST", "/api/publish").with(body)).await;
        assert_eq!(answer.text, "", "publishing has no body: {body}");
        answer.status
    }
}
