//! Stripe as tests need it, at the other end of a socket.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};
use time::OffsetDateTime;

pub const WEBHOOK_SECRET: &str = "whsec_test";

/// What becomes of the next try to take money.
#[derive(Clone, Copy)]
pub enum Next {
    Succeed,
    Decline,
    Process,
    /// It is done, and then the answer is lost.
    SucceedInSilence,
    /// Nothing is done and nothing is said.
    Down,
}

#[derive(Default)]
pub struct Books {
    pub next: VecDeque<Next>,
    /// Every question: path, idempotency key, form.
    pub asked: Vec<(String, String, BTreeMap<String, String>)>,
    /// Status by intent.
    pub intents: BTreeMap<String, (String, i64)>,
    /// Money taken, cents.
    pub taken: i64,
    answers: BTreeMap<String, (u16, Value)>,
    by_customer: String,
}

#[derive(Clone)]
pub struct FakeStripe {
    pub url: String,
    books: Arc<Mutex<Books>>,
}

impl FakeStripe {
    pub async fn start() -> Self {
        let books = Arc::new(Mutex::new(Books::default()));
        let shared = web::Data::new(books.clone());
        let server = HttpServer::new(move || {
            App::new().app_data(shared.clone()).default_service(web::to(answer))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .expect("a free port");
        let url = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        Self { url, books }
    }

    pub fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.books.lock().expect("nobody panicked with the books")
    }

    pub fn plan(&self, next: &[Next]) {
        self.books().next = next.iter().copied().collect();
    }

    /// The intent became something else in the meantime.
    pub fn settle(&self, intent: &str, status: &str) {
        let mut books = self.books();
        let held = books.intents.get_mut(intent).expect("an intent");
        held.0 = status.to_owned();
        if status == "succeeded" {
            books.taken += books.intents[intent].1;
        }
    }

    pub fn only_intent(&self) -> String {
        let books = self.books();
        assert_eq!(books.intents.len(), 1, "one intent per invoice");
        books.intents.keys().next().expect("one").clone()
    }
}

/// An event and the header that signs it.
pub fn signed(id: &str, kind: &str, object: Value, at: i64) -> (String, String) {
    let body = json!({"id": id, "type": kind, "data": {"object": object}}).to_string();
    let signature = signature(WEBHOOK_SECRET, &body, at);
    (body, format!("t={at},v1={signature}"))
}

pub fn signature(secret: &str, body: &str, at: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(format!("{at}.{body}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

async fn answer(
    request: HttpRequest,
    body: web::Bytes,
    books: web::Data<Arc<Mutex<Books>>>,
) -> HttpResponse {
    let header = |name| request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or("");
    assert_eq!(header("authorization"), "Bearer sk_test");
    assert_eq!(header("stripe-version"), "2024-06-20");
    let key = header("idempotency-key").to_owned();
    let mut books = books.lock().expect("nobody panicked with the books");
    let path = request.path().trim_start_matches("/v1/").to_owned();
    let mut url = Url::parse("http://form/").expect("a url");
    url.set_query(Some(std::str::from_utf8(&body).expect("text")));
    let form: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    books.asked.push((path.clone(), key.clone(), form.clone()));
    if let Some((status, value)) = books.answers.get(&key).filter(|_| !key.is_empty()) {
        return reply(*status, value.clone());
    }
    let (status, value, is_said) = books.act(&path, &form);
    if !key.is_empty() && status != 503 {
        books.answers.insert(key, (status, value.clone()));
    }
    match is_said {
        true => reply(status, value),
        false => reply(503, json!({"error": {"type": "api_error", "message": "lost"}})),
    }
}

fn reply(status: u16, value: Value) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status).expect("a status");
    HttpResponse::build(status).json(value)
}

impl Books {
    fn act(&mut self, path: &str, form: &BTreeMap<String, String>) -> (u16, Value, bool) {
        let parts: Vec<&str> = path.split('/').collect();
        match parts[..] {
            ["customers"] => {
                self.by_customer = "cus_1".into();
                (200, json!({"id": "cus_1"}), true)
            }
            ["checkout", "sessions"] => {
                assert_eq!((form["mode"].as_str(), form["customer"].as_str()), ("setup", "cus_1"));
                (200, json!({"id": "cs_1", "url": "https://pay.example/cs_1"}), true)
            }
            ["setup_intents", id] => (200, setup_intent(id), true),
            ["payment_methods", id, "detach"] => (200, json!({"id": id}), true),
            ["payment_intents"] => {
                let id = format!("pi_{}", self.intents.len() + 1);
                let cents = form["amount"].parse().expect("cents");
                self.intents.insert(id.clone(), ("requires_payment_method".into(), cents));
                (200, self.intent(&id), true)
            }
            ["payment_intents", id] => (200, self.intent(id), true),
            ["payment_intents", id, "confirm"] => self.confirm(id),
            _ => panic!("nobody asks for {path}"),
        }
    }

    fn intent(&self, id: &str) -> Value {
        let (status, cents) = &self.intents[id];
        json!({"id": id, "status": status, "amount": cents, "last_payment_error": null})
    }

    fn confirm(&mut self, id: &str) -> (u16, Value, bool) {
        let cents = self.intents[id].1;
        if self.intents[id].0 == "succeeded" {
            let error = json!({"type": "invalid_request_error", "message": "already succeeded"});
            return (400, json!({ "error": error }), true);
        }
        let next = self.next.pop_front().unwrap_or(Next::Succeed);
        let mut become_ = |status: &str| {
            self.intents.insert(id.to_owned(), (status.to_owned(), cents));
        };
        match next {
            Next::Succeed | Next::SucceedInSilence => {
                become_("succeeded");
                self.taken += cents;
                (200, self.intent(id), matches!(next, Next::Succeed))
            }
            Next::Process => {
                become_("processing");
                (200, self.intent(id), true)
            }
            Next::Decline => {
                become_("requires_payment_method");
                let error = json!({"type": "card_error", "message": "Your card was declined."});
                (402, json!({ "error": error }), true)
            }
            Next::Down => (503, json!({"error": {"type": "api_error", "message": "down"}}), true),
        }
    }
}

/// `seti_<unix seconds>_<last four digits>`.
fn setup_intent(id: &str) -> Value {
    let mut parts = id.split('_').skip(1);
    let created: i64 = parts.next().and_then(|raw| raw.parse().ok()).expect("when");
    let last4 = parts.next().expect("which card");
    json!({
        "id": id, "created": created, "status": "succeeded", "customer": "cus_1",
        "payment_method": {"id": format!("pm_{last4}"), "type": "card", "card": {
            "brand": "visa", "last4": last4, "exp_month": 4, "exp_year": 2031}},
    })
}

pub fn unix_now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}
