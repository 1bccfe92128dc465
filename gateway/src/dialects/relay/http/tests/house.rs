//! A gateway's HTTP API without its sockets: an engine, a directory, somebody who listens.

use crate::{
    dialects::{family, pusher, relay::fixtures},
    directory::SigningKey,
    hub::{
        clock,
        inbox::{Inbox, ToWorker},
    },
    state::Gateway,
};
use actix_web::{
    App,
    http::{Method, header::HeaderMap},
    test::{self, TestRequest},
    web::Data,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::{
    Action, PublishableKey, SecretKeyToken, SocketId, TokenSecret,
    directory::{AppRecord, Change, PublishableKeyRecord, SecretKeyRecord},
};
use realtime::{Delivery, Join, Member, OriginId, Outlet, Topic};
use serde_json::{Value, json};
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
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    /// The text of an error, which is the one member of its body beside what every dialect says.
    #[track_caller]
    pub fn error(&self) -> String {
        let mut json = self.json();
        json.as_object_mut().map(|members| members.remove("refusal"));
        assert_eq!(json.as_object().map(|o| o.len()), Some(1), "{}", self.text);
        json["error"].as_str().unwrap_or_else(|| panic!("{}", self.text)).to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
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
        let gateway = pusher::fixtures::gateway(directory);
        let origin = gateway.router.register(heard.clone());
        Self { gateway, heard, origin }
    }

    /// A worker that holds the sheet's socket.
    pub fn open_socket(&self) {
        let inbox = Arc::new(Inbox::default());
        self.gateway.enrol(inbox.clone());
        actix_rt::spawn(async move {
            let mut taken = Vec::new();
            loop {
                inbox.wake.notified().await;
                inbox.swap(&mut taken);
                for item in taken.drain(..) {
                    let ToWorker::Find { app, socket, found } = item else { continue };
                    if app.as_str() == fixtures::APP && socket == fixtures::socket() {
                        found.try_send(()).expect("nobody else answers");
                    }
                }
            }
        });
    }

    /// A secret key of the app, as its bearer holds it.
    pub fn key(&self, actions: &[Action], channels: &[&str]) -> String {
        self.key_and_secret(actions, channels).0
    }

    fn key_and_secret(&self, actions: &[Action], channels: &[&str]) -> (String, String, String) {
        let token = SecretKeyToken::generate().expect("randomness");
        let secret = TokenSecret::generate().expect("randomness");
        let id = token.id();
        let record = SecretKeyRecord {
            app: fixtures::APP.parse().unwrap(),
            hash: token.hash(),
            actions: actions.to_vec(),
            channels: channels.iter().map(|pattern| pattern.parse().unwrap()).collect(),
            expires_at: None,
            sealed_token_secret: Some(
                fixtures::master().seal(secret.expose(), id.as_str()).expect("sealed"),
            ),
            id: id.clone(),
            previous: None,
            max_publishes_per_s: None,
            allowed_addresses: Vec::new(),
        };
        assert!(self.gateway.directory.apply(2, Change::SecretKey(record)).is_none());
        (token.expose().to_owned(), id.to_string(), secret.expose().to_owned())
    }

    /// A token signed in the name of a secret key with this scope.
    pub fn token(&self, actions: &[Action], channels: &[&str], more: Value) -> String {
        let (_, kid, secret) = self.key_and_secret(actions, channels);
        let exp = clock::unix_ms() / 1_000 + 60;
        let mut claims = json!({ "sub": "ann", "exp": exp });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let header = json!({ "alg": "HS256", "typ": "JWT", "kid": kid });
        let text = format!("{}.{}", encode(&header), encode(&claims));
        let signature = SigningKey::new(&secret).sign(&[text.as_bytes()]);
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub fn publishable(&self, actions: &[Action], channels: &[&str]) -> String {
        let key = PublishableKey::generate().expect("randomness");
        let record = PublishableKeyRecord {
            key: key.clone(),
            app: fixtures::APP.parse().unwrap(),
            actions: actions.to_vec(),
            channels: channels.iter().map(|pattern| pattern.parse().unwrap()).collect(),
            allowed_origins: Vec::new(),
            allow_no_origin: true,
            ice_servers: false,
            expires_at: None,
        };
        assert!(self.gateway.directory.apply(3, Change::PublishableKey(record)).is_none());
        key.as_str().to_owned()
    }

    /// Subscribes a connection, as `member` where that is asked for.
    pub fn join(&self, channel: &str, socket: &str, member: Option<Member>) {
        let join = Join {
            topic: Topic { app: fixtures::APP.parse().unwrap(), channel: channel.parse().unwrap() },
            origin: self.origin,
            socket: socket.parse::<SocketId>().unwrap(),
            member,
            max_members: 100,
            announce_count: false,
            replace_info: false,
        };
        self.gateway.router.join(join, clock::unix_ms());
        self.heard.0.lock().unwrap().clear();
    }

    /// Events delivered since the last call, as `channel name data`, with whom they pass over.
    pub fn heard(&self) -> Vec<String> {
        let heard = std::mem::take(&mut *self.heard.0.lock().unwrap());
        heard
            .into_iter()
            .map(|delivery| match delivery {
                Delivery::Event(e) => {
                    let except = e.except.map(|s| format!(" but {s}")).unwrap_or_default();
                    format!("{} {} {}{except}", e.topic.channel, e.name, e.data.as_str())
                }
                other => format!("{other:?}"),
            })
            .collect()
    }

    pub async fn publish(&self, body: &str) -> Answer {
        self.post("/apps/my-app/events", body).await
    }

    /// As the app's back end, with its secret.
    pub async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask(TestRequest::post().uri(path).insert_header(bearer(fixtures::SECRET)), body).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(TestRequest::get().uri(path).insert_header(bearer(fixtures::SECRET)), "").await
    }

    pub async fn with_key(&self, key: &str, method: Method, path: &str, body: &str) -> Answer {
        let request = TestRequest::with_uri(path).method(method).insert_header(bearer(key));
        self.ask(request, body).await
    }

    pub async fn ask(&self, request: TestRequest, body: &str) -> Answer {
        let app = App::new()
            .app_data(Data::from(self.gateway.clone()))
            .configure(family::configure)
            .default_service(actix_web::web::to(async |request: actix_web::HttpRequest| {
                family::not_found(&request)
            }));
        let service = test::init_service(app).await;
        let request = request.set_payload(body.to_owned()).to_request();
        let response = test::call_service(&service, request).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = String::from_utf8(test::read_body(response).await.to_vec()).expect("UTF-8");
        Answer { status, text, headers }
    }
}

pub fn bearer(token: &str) -> (&'static str, String) {
    ("Authorization", format!("Bearer {token}"))
}

pub fn member(id: &str, id_is_number: bool, info: Option<&str>) -> Option<Member> {
    Some(Member { user: id.parse().unwrap(), id_is_number, info: info.map(Into::into) })
}
