//! A server that is told things, and answers as a test wants.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, http::StatusCode, web};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

#[derive(Clone, Debug)]
pub struct Seen {
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Seen {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// Of a batch in Pusher's form: what `member` of each event is.
    pub fn of_each(&self, member: &str) -> Vec<String> {
        let body = self.json();
        let events = body["events"].as_array().expect("events").iter();
        events.map(|event| event[member].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub fn is_signed_with(&self, secret: &str) -> bool {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
        mac.update(self.body.as_bytes());
        self.headers["x-pusher-signature"] == hex::encode(mac.finalize().into_bytes())
    }
}

type Shared = (Arc<Mutex<Vec<Seen>>>, Arc<Mutex<Rule>>);
type Rule = Box<dyn FnMut(&Seen) -> (u16, Vec<(&'static str, String)>) + Send>;

#[derive(Clone)]
pub struct Sink {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    rule: Arc<Mutex<Rule>>,
}

impl Sink {
    /// Takes everything.
    pub async fn start() -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let rule: Arc<Mutex<Rule>> = Arc::new(Mutex::new(Box::new(|_| (200, Vec::new()))));
        let shared = web::Data::new((seen.clone(), rule.clone()));
        let server = HttpServer::new(move || {
            App::new().app_data(shared.clone()).default_service(web::to(answer))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .expect("a free port");
        let url = format!("http://{}/hook", server.addrs()[0]);
        tokio::spawn(server.run());
        Self { url, seen, rule }
    }

    pub async fn answering(status: u16) -> Self {
        let sink = Self::start().await;
        sink.answer_with(status);
        sink
    }

    pub fn answer_with(&self, status: u16) {
        self.decide(move |_| (status, Vec::new()));
    }

    pub fn decide(
        &self,
        rule: impl FnMut(&Seen) -> (u16, Vec<(&'static str, String)>) + Send + 'static,
    ) {
        *self.rule.lock().expect("nobody panicked") = Box::new(rule);
    }

    pub fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().expect("nobody panicked")
    }

    /// All events of all batches, in the order in which they came: what `member` of each is.
    pub fn of_each(&self, member: &str) -> Vec<String> {
        self.seen().iter().flat_map(|seen| seen.of_each(member)).collect()
    }
}

async fn answer(request: HttpRequest, body: web::Bytes, shared: web::Data<Shared>) -> HttpResponse {
    let text =
        |value: &actix_web::http::header::HeaderValue| value.to_str().expect("a text").to_owned();
    let headers = request.headers().iter();
    let seen = Seen {
        headers: headers.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body: String::from_utf8(body.to_vec()).expect("text"),
    };
    let (status, headers) = (shared.1.lock().expect("nobody panicked"))(&seen);
    shared.0.lock().expect("nobody panicked").push(seen);
    let mut response = HttpResponse::build(StatusCode::from_u16(status).expect("a status"));
    for header in headers {
        response.insert_header(header);
    }
    response.body("thank you")
}
