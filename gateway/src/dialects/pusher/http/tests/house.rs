//! A gateway's HTTP API without its sockets: an engine, a directory, somebody who listens.

use crate::{
    dialects::{family, pusher::fixtures},
    hub::clock,
    state::Gateway,
};
use actix_web::{
    App,
    http::{Method, header::HeaderMap},
    test,
    web::Data,
};
use contract::{
    Action, SecretKeyToken, SocketId, UserId,
    directory::{AppRecord, Change, SecretKeyRecord},
};
use md5::{Digest, Md5};
use realtime::{Delivery, Join, Member, OriginId, Outlet, Topic};
use std::sync::{Arc, Mutex};

pub struct House {
    pub gateway: Arc<Gateway>,
    heard: Arc<Heard>,
    origin: OriginId,
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
    pub fn code(&self) -> String {
        let json: serde_json::Value = serde_json::from_str(&self.text).unwrap_or_default();
        assert_eq!(json["status"], self.status, "{}", self.text);
        assert!(json["error"].is_string(), "{}", self.text);
        json["code"].as_str().expect(&self.text).to_owned()
    }
}

/// Who asks.
#[derive(Clone, Copy)]
pub enum As<'a> {
    /// Signed with the app's own secret.
    App,
    Bearer(&'a str),
    Nobody,
}

impl House {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut AppRecord)) -> Self {
        let heard = Arc::new(Heard::default());
        let directory = fixtures::directory(|record| {
            record.limits.max_publishes_per_s = 10_000;
            record.limits.max_reads_per_s = 10_000;
            change(record);
        });
        let gateway = fixtures::gateway(directory);
        let origin = gateway.router.register(heard.clone());
        Self { gateway, heard, origin }
    }

    /// A secret key of the app, as its bearer holds it.
    pub fn key(&self, actions: &[Action], channels: &[&str]) -> String {
        let token = SecretKeyToken::generate().expect("randomness");
        let record = SecretKeyRecord {
            id: token.id(),
            app: fixtures::APP.parse().unwrap(),
            hash: token.hash(),
            actions: actions.to_vec(),
            channels: channels.iter().map(|pattern| pattern.parse().unwrap()).collect(),
            expires_at: None,
            sealed_token_secret: None,
            previous: None,
            max_publishes_per_s: None,
            allowed_addresses: Vec::new(),
        };
        assert!(self.gateway.directory.apply(2, Change::SecretKey(record)).is_none());
        token.expose().to_owned()
    }

    /// Subscribes a connection, as `user` where that is asked for.
    pub fn join(&self, channel: &str, socket: &str, user: Option<&str>) {
        let user: Option<UserId> = user.map(|user| user.parse().unwrap());
        let join = Join {
            topic: Topic { app: fixtures::APP.parse().unwrap(), channel: channel.parse().unwrap() },
            origin: self.origin,
            socket: socket.parse::<SocketId>().unwrap(),
            member: user.map(|user| Member::new(user, None)),
            max_members: 100,
            announce_count: false,
            replace_info: false,
        };
        self.gateway.router.join(join, clock::unix_ms());
        self.heard.0.lock().unwrap().clear();
    }

    /// What was delivered since the last call: events as `channel name data`.
    pub fn heard(&self) -> Vec<String> {
        let heard = std::mem::take(&mut *self.heard.0.lock().unwrap());
        heard
            .into_iter()
            .map(|delivery| match delivery {
                Delivery::Event(e) => {
                    format!("{} {} {}", e.topic.channel, e.name, e.data.as_str())
                }
                Delivery::Terminate { user, .. } => format!("terminate {user}"),
                other => format!("{other:?}"),
            })
            .collect()
    }

    pub async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask(As::App, Method::POST, path, "", body, &[]).await
    }

    pub async fn publish(&self, body: &str) -> Answer {
        self.post("/apps/100042/events", body).await
    }

    /// The same request so many times at once.
    pub async fn publish_at_once(&self, body: &str, n: usize) -> Vec<Answer> {
        let app =
            App::new().app_data(Data::from(self.gateway.clone())).configure(family::configure);
        let service = test::init_service(app).await;
        let path = "/apps/100042/events";
        let uri = format!("{path}?{}", signed(&Method::POST, path, "", body));
        let one = async || {
            let request =
                test::TestRequest::with_uri(&uri).method(Method::POST).set_payload(body.to_owned());
            let response = test::call_service(&service, request.to_request()).await;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let text = String::from_utf8(test::read_body(response).await.to_vec()).expect("UTF-8");
            Answer { status, text, headers }
        };
        futures_util::future::join_all((0..n).map(|_| one())).await
    }

    pub async fn get(&self, path: &str, query: &str) -> Answer {
        self.ask(As::App, Method::GET, path, query, "", &[]).await
    }

    /// `query` has its parameters in order, without escapes.
    pub async fn ask(
        &self,
        who: As<'_>,
        method: Method,
        path: &str,
        query: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let uri = match who {
            As::App => format!("{path}?{}", signed(&method, path, query, body)),
            As::Bearer(_) | As::Nobody => format!("{path}?{query}"),
        };
        let mut request =
            test::TestRequest::with_uri(&uri).method(method).set_payload(body.to_owned());
        if let As::Bearer(token) = who {
            request = request.insert_header(("Authorization", format!("Bearer {token}")));
        }
        for header in headers {
            request = request.insert_header(*header);
        }
        let app =
            App::new().app_data(Data::from(self.gateway.clone())).configure(family::configure);
        let service = test::init_service(app).await;
        let response = test::call_service(&service, request.to_request()).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = String::from_utf8(test::read_body(response).await.to_vec()).expect("UTF-8");
        Answer { status, text, headers }
    }
}

fn signed(method: &Method, path: &str, query: &str, body: &str) -> String {
    let now = clock::unix_ms() / 1_000;
    let mut pairs: Vec<String> = query.split('&').map(str::to_owned).collect();
    pairs.push(format!("auth_key={}", fixtures::KEY));
    pairs.push(format!("auth_timestamp={now}"));
    pairs.push("auth_version=1.0".into());
    if !body.is_empty() {
        pairs.push(format!("body_md5={}", hex::encode(Md5::digest(body))));
    }
    pairs.retain(|pair| !pair.is_empty());
    pairs.sort();
    let query = pairs.join("&");
    let auth =
        fixtures::auth(fixtures::KEY, fixtures::SECRET, &format!("{method}\n{path}\n{query}"));
    let signature = auth.split_once(':').expect("key:signature").1;
    format!("{query}&auth_signature={signature}")
}
