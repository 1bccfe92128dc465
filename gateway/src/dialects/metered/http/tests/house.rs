//! A gateway's HTTP API without its sockets: an engine, a directory, somebody who listens.

use crate::{
    dialects::metered::{
        fixtures::{self, Records},
        http,
    },
    hub::clock,
    state::Gateway,
};
use actix_web::{App, http::Method, test, web::Data};
use contract::{
    Action, SecretKeyToken,
    directory::{Change, SecretKeyRecord},
};
use realtime::{Delivery, Join, Member, OriginId, Outlet, Topic};
use serde_json::Value;
use std::sync::{Arc, Mutex};

pub struct House {
    pub gateway: Arc<Gateway>,
    /// The secret key of the fixtures, as one token.
    pub token: String,
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

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    #[track_caller]
    pub fn is(&self, status: u16, error: &str) {
        let mut body = self.json();
        // The id and the machine code are the same in every dialect.
        body.as_object_mut().map(|members| members.remove("refusal"));
        assert_eq!((self.status, body["error"].as_str()), (status, Some(error)), "{}", self.text);
        assert!(body["message"].as_str().is_some_and(|m| !m.is_empty()), "{}", self.text);
        assert_eq!(body.as_object().map(|members| members.len()), Some(2), "{}", self.text);
    }
}

impl House {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Records)) -> Self {
        let (gateway, token) = fixtures::gateway(|records| {
            records.app.limits.max_publishes_per_s = 10_000;
            change(records);
        });
        let heard = Arc::new(Heard::default());
        let origin = gateway.router.register(heard.clone());
        Self { gateway, token, heard, origin }
    }

    /// Another secret key of the app, without a signing secret.
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
        assert!(self.gateway.directory.apply(9, Change::SecretKey(record)).is_none());
        token.expose().to_owned()
    }

    /// Puts a connection on a channel as a member, `id` or `id:info`.
    pub fn join(&self, channel: &str, socket: &str, member: &str) {
        let (id, info) = member.split_once(':').map_or((member, None), |(i, m)| (i, Some(m)));
        let join = Join {
            topic: Topic { app: fixtures::APP.parse().unwrap(), channel: channel.parse().unwrap() },
            origin: self.origin,
            socket: socket.parse().unwrap(),
            member: Some(Member::new(id.parse().unwrap(), info.map(Into::into))),
            replace_info: true,
            max_members: 100,
            announce_count: false,
        };
        self.gateway.router.join(join, clock::unix_ms());
        self.heard.0.lock().unwrap().clear();
    }

    pub fn listen(&self, pattern: &str, socket: &str) {
        let (app, pattern) = (fixtures::APP.parse().unwrap(), pattern.parse().unwrap());
        let socket = socket.parse().unwrap();
        self.gateway.router.listen(&app, &pattern, self.origin, socket).expect("room");
    }

    /// What was delivered since the last call: events as metered clients get them.
    pub fn heard(&self) -> Vec<String> {
        let heard = std::mem::take(&mut *self.heard.0.lock().unwrap());
        heard
            .into_iter()
            .map(|delivery| match delivery {
                Delivery::Event(event) => {
                    let text = crate::dialects::metered::codec::encode_event(&event, true);
                    String::from_utf8(text.to_vec()).unwrap()
                }
                Delivery::Terminate { user, .. } => format!("terminate {user}"),
                other => format!("{other:?}"),
            })
            .collect()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Some(&self.token), Method::GET, path, "").await
    }

    pub async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask(Some(&self.token), Method::POST, path, body).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(Some(&self.token), Method::DELETE, path, "").await
    }

    pub async fn ask(
        &self,
        bearer: Option<&str>,
        method: Method,
        path: &str,
        body: &str,
    ) -> Answer {
        let mut request =
            test::TestRequest::with_uri(path).method(method).set_payload(body.to_owned());
        if let Some(token) = bearer {
            request = request.insert_header(("Authorization", format!("Bearer {token}")));
        }
        let app = App::new().app_data(Data::from(self.gateway.clone())).configure(http::configure);
        let service = test::init_service(app).await;
        let response = test::call_service(&service, request.to_request()).await;
        let status = response.status().as_u16();
        let text = String::from_utf8(test::read_body(response).await.to_vec()).expect("UTF-8");
        Answer { status, text }
    }
}
