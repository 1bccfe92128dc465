//! A whole control plane on a port of its own, and people who use it.

pub use crate::mail::inbox::{MailDir, Received};
use crate::{
    config::{Config, Settings},
    db::{Db, Organisation, TenantTx},
    jobs,
    organisations::Role,
    plans, server,
    state::{State, install_tls},
};
use contract::{AppId, directory::FeedLine};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sessions::Sessions;
use sqlx::PgPool;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use uuid::Uuid;

pub mod operations;
pub mod required;
mod sessions;

pub const GATEWAY_TOKEN: &str = "a-token-that-gateways-hold";
const PASSWORD: &str = "correct horse";

/// A running control plane; it ends with the test's runtime.
pub struct Service {
    pub state: Arc<State>,
    pub base: String,
    http: reqwest::Client,
    mail_dir: MailDir,
    _sessions: Sessions,
}

pub async fn service(pool: &PgPool) -> Service {
    service_with(pool, |_| {}).await
}

pub async fn service_with(pool: &PgPool, change: impl FnOnce(&mut Settings)) -> Service {
    install_tls();
    let mail_dir = MailDir::make();
    let mut settings = Settings {
        mail_dir: Some(mail_dir.path().to_owned()),
        database_url: Some("postgres://unused".into()),
        listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        console_origin: Some("http://127.0.0.1:8000".into()),
        // Nobody listens on the discard port: a gateway that is down.
        public_gateway_url: Some("http://127.0.0.1:9".into()),
        master_key: Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into()),
        gateway_token: Some(GATEWAY_TOKEN.into()),
        workers: Some(1),
        ..Settings::default()
    };
    change(&mut settings);
    let config = Config::build(settings).expect("configuration");
    let sessions = Sessions::like(pool);
    let db = Db::from_pool(sessions.pool.clone());
    let state = Arc::new(State::new(&config, db).expect("state"));
    let (server, listen) = server::bind(&config, state.clone()).expect("a free port");
    tokio::spawn(server);
    server::start_background(&state);
    let http = reqwest::Client::new();
    Service { state, base: format!("http://{listen}"), http, mail_dir, _sessions: sessions }
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, text: response.text().await.expect("a body") }
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    #[track_caller]
    pub fn expect_status(self, status: u16) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
    }

    /// Checks a refusal and that it is a complete problem; returns its code.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(self.headers["x-request-id"], problem["request_id"].as_str().unwrap());
        assert!(!problem["detail"].as_str().unwrap().is_empty());
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

/// Someone signed in, with an organisation and a first app.
#[derive(Clone)]
pub struct Customer {
    pub http: reqwest::Client,
    pub base: String,
    pub cookie: String,
    pub csrf: String,
    /// Sent instead of the session.
    pub token: Option<String>,
    pub email: String,
    pub organisation: Uuid,
    pub app: AppId,
    pub key: String,
    pub secret: String,
}

impl Service {
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    pub fn as_gateway(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.request(method, path).bearer_auth(GATEWAY_TOKEN)
    }

    /// Somebody new whose address is proved.
    pub async fn sign_up(&self, email: &str) -> Customer {
        let customer = self.sign_up_unverified(email).await;
        let mut tx = self.state.db.anonymous().await.unwrap();
        sqlx::query("UPDATE users SET email_verified_at = now() WHERE email = $1")
            .bind(email)
            .execute(tx.db())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        customer
    }

    /// The same person in another session.
    pub async fn sign_in(&self, customer: &Customer) -> Customer {
        let answer = self.log_in(&customer.email, PASSWORD).await;
        let cookie = cookie_of(&answer);
        let csrf = answer.expect(200)["csrf_token"].as_str().unwrap().to_owned();
        Customer { cookie, csrf, ..customer.clone() }
    }

    pub async fn sign_up_unverified(&self, email: &str) -> Customer {
        let body = json!({"email": email, "password": PASSWORD});
        let answer = self.post("/v1/signup", body).await;
        let cookie = cookie_of(&answer);
        let made = answer.expect(201);
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        Customer {
            http: self.http.clone(),
            base: self.base.clone(),
            cookie,
            csrf: text(&made["csrf_token"]),
            token: None,
            email: email.into(),
            organisation: text(&made["organisation"]["id"]).parse().unwrap(),
            app: text(&made["app"]["id"]).parse().unwrap(),
            key: text(&made["credential"]["key"]),
            secret: text(&made["credential"]["secret"]),
        }
    }

    /// Does every job that is due now. In tests nothing does them by itself.
    pub async fn run_jobs(&self) {
        jobs::run_due(&self.state).await;
    }

    /// All mail so far, oldest first, after doing what is due.
    pub async fn mails(&self) -> Vec<Received> {
        self.run_jobs().await;
        self.mail_dir.read()
    }

    /// Puts someone's organisation on another plan.
    pub async fn put_on(&self, who: &Customer, plan: &str) {
        let mut tx = self.as_tenant(who).await;
        sqlx::query("UPDATE subscriptions SET plan = $1, version = 1")
            .bind(plan)
            .execute(tx.db())
            .await
            .expect("a plan");
        plans::republish(&mut tx).await.expect("told");
        tx.commit().await.expect("committed");
    }

    pub async fn log_in(&self, email: &str, password: &str) -> Answer {
        self.post("/v1/login", json!({"email": email, "password": password})).await
    }

    /// Somebody new who belongs to `who`'s organisation as well, and looks at that.
    pub async fn member_of(&self, who: &Customer, role: Role) -> Customer {
        let address = format!("{}-of-{}", role.as_str(), who.email);
        let member = self.sign_up(&address).await;
        let me = member.get("/v1/session").await.expect(200)["user"]["id"].clone();
        let mut tx = self.as_tenant(who).await;
        let join = "INSERT INTO memberships (organisation_id, user_id, role) VALUES ($1, $2, $3)";
        let join = sqlx::query(join).bind(who.organisation);
        let join = join.bind(me.as_str().unwrap().parse::<Uuid>().unwrap()).bind(role.as_str());
        join.execute(tx.db()).await.unwrap();
        tx.commit().await.unwrap();
        let (organisation, app) = (who.organisation, who.app.clone());
        Customer { organisation, app, key: who.key.clone(), ..member }
    }

    /// For arranging what the API does not offer: a transaction that sees one organisation.
    pub async fn as_tenant(&self, who: &Customer) -> TenantTx {
        let organisation = Organisation::known(who.organisation);
        self.state.db.tenant("test", organisation).await.expect("a transaction")
    }

    /// A gateway that follows the feed from `after`.
    pub async fn gateway(&self, id: &str, after: u64) -> FollowingGateway {
        self.gateway_at(id, after, "http://127.0.0.1:9").await
    }

    pub async fn gateway_at(&self, id: &str, after: u64, ops_url: &str) -> FollowingGateway {
        let boot = Uuid::new_v4().to_string();
        let path =
            format!("/internal/v1/feed?after={after}&gateway={id}&boot={boot}&ops_url={ops_url}");
        let response = self.as_gateway(Method::GET, &path).send().await.unwrap();
        assert_eq!(response.status(), 200);
        FollowingGateway { id: id.into(), boot, response, unread: String::new() }
    }

    pub async fn confirm(&self, gateway: &str, boot: &str, revision: u64) -> Answer {
        let body = json!({"gateway": gateway, "boot": boot, "revision": revision});
        Answer::of(self.as_gateway(Method::POST, "/internal/v1/confirmations").json(&body)).await
    }
}

pub fn cookie_of(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

impl Customer {
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            return request.bearer_auth(token);
        }
        request.header("cookie", &self.cookie).header("x-csrf-token", &self.csrf)
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    /// A script with a token that this customer makes.
    pub async fn script(&self, permissions: &[&str]) -> Self {
        let made = self.create_token(json!({"name": "script", "permissions": permissions})).await;
        self.with_token(made["token"].as_str().expect("a token"))
    }

    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub async fn create_token(&self, wanted: Value) -> Value {
        self.post(&self.of_organisation("/tokens"), wanted).await.expect(201)
    }

    /// A path under this customer's organisation.
    pub fn of_organisation(&self, rest: &str) -> String {
        format!("/v1/organisations/{}{rest}", self.organisation)
    }

    /// A path under this customer's first app.
    pub fn of_app(&self, rest: &str) -> String {
        format!("/v1/apps/{}{rest}", self.app)
    }

    pub async fn create_key(&self, name: &str) -> Value {
        let body = json!({"name": name, "actions": ["publish"], "channels": ["room-*"]});
        self.post(&self.of_app("/keys"), body).await.expect(201)
    }

    /// An endpoint of the app where nothing is sent unless something happens.
    pub async fn create_webhook(&self) -> String {
        let body = json!({"url": "https://1.1.1.1/hook"});
        let made = self.post(&self.of_app("/webhooks"), body).await.expect(201);
        made["endpoint"]["id"].as_str().expect("an id").to_owned()
    }

    pub async fn create_publishable_key(&self) -> String {
        let path = self.of_app("/publishable-keys");
        let made = self.post(&path, json!({"name": "web"})).await.expect(201);
        made["key"].as_str().expect("a key").to_owned()
    }
}

/// The reading end of the feed.
pub struct FollowingGateway {
    pub id: String,
    pub boot: String,
    response: reqwest::Response,
    unread: String,
}

impl FollowingGateway {
    /// The next line; waits for it.
    pub async fn line(&mut self) -> Option<FeedLine> {
        loop {
            if let Some((line, rest)) = self.unread.split_once('\n') {
                let parsed = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
                self.unread = rest.to_owned();
                return Some(parsed);
            }
            let chunk = self.response.chunk().await.expect("the feed goes on")?;
            self.unread.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }

    /// The next change, past heartbeats.
    pub async fn change(&mut self) -> contract::directory::Entry {
        let next = async {
            loop {
                match self.line().await {
                    Some(FeedLine::Entry(entry)) => return entry,
                    Some(FeedLine::Heartbeat { .. }) => {}
                    None => panic!("the feed ended"),
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(5), next).await.expect("a change in time")
    }
}
