//! A client of the gateway's public HTTP API.

use super::{
    signature::{self, Request},
    signing::Signer,
};
use crate::api::ApiError;
use reqwest::{Client, Method, RequestBuilder, Url};
use serde::Deserialize;
use std::time::Duration;
use time::OffsetDateTime;
use zeroize::Zeroizing;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(5);
/// Longest answer that is read, bytes: a listing of ten thousand channels fits.
const MAX_ANSWER_BYTES: usize = 4 << 20;

pub struct GatewayClient {
    http: Client,
    base: Url,
}

/// One publish, as the HTTP API of its dialect takes it.
pub struct Post {
    path: String,
    credential: Credential,
    body: Vec<u8>,
}

enum Credential {
    /// The whole query.
    Query(Vec<(String, String)>),
    Bearer(Zeroizing<String>),
}

impl Post {
    pub fn with_bearer(path: String, bearer: Zeroizing<String>, body: Vec<u8>) -> Self {
        Self { path, credential: Credential::Bearer(bearer), body }
    }
}

/// Pusher and Relay say what is wrong in `error`, Metered in `message`; AnyCable says nothing.
#[derive(Deserialize)]
struct Refusal {
    error: String,
    message: Option<String>,
}

impl GatewayClient {
    pub fn new(base: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let http = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { http, base: base.parse()? })
    }

    /// A publish over the Pusher API. Its signature is good for some minutes.
    pub fn signed_post(signer: &Signer, resource: &str, body: Vec<u8>) -> Post {
        let path = format!("/apps/{}/{resource}", signer.app);
        let query = signed(signer, Method::POST.as_str(), &path, &[], &body);
        Post { path, credential: Credential::Query(query), body }
    }

    /// Publishes. Where the dialect knows idempotency keys (Pusher and Relay do), a retry with the
    /// same one publishes nothing more.
    pub async fn publish(
        &self,
        post: Post,
        idempotency_key: Option<String>,
    ) -> Result<(), ApiError> {
        let Post { path, credential, body } = post;
        let request = match &credential {
            Credential::Query(query) => self.http.post(self.url(&path, query)),
            Credential::Bearer(bearer) => {
                self.http.post(self.url(&path, &[])).bearer_auth(bearer.as_str())
            }
        };
        let request = request.header("content-type", "application/json").body(body);
        let request = match idempotency_key {
            Some(key) => request.header("x-idempotency-key", key),
            None => request,
        };
        send(request).await.map(|_| ())
    }

    pub async fn channels(
        &self,
        signer: &Signer,
        query: &[(&str, &str)],
    ) -> Result<Vec<u8>, ApiError> {
        let path = format!("/apps/{}/channels", signer.app);
        let query = signed(signer, Method::GET.as_str(), &path, query, &[]);
        send(self.http.get(self.url(&path, &query))).await
    }

    /// `path` has its escapes already.
    fn url(&self, path: &str, query: &[(String, String)]) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url.set_query(None);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

fn signed(
    signer: &Signer,
    method: &str,
    path: &str,
    query: &[(&str, &str)],
    body: &[u8],
) -> Vec<(String, String)> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let request = Request { method, path, query, body };
    signature::sign(&request, signer.key.as_str(), &signer.secret, now)
}

async fn send(request: RequestBuilder) -> Result<Vec<u8>, ApiError> {
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status().as_u16();
    let answer = read(response).await?;
    match status {
        200 | 201 => Ok(answer),
        // AnyCable's way to say that it is too much just now is 501.
        501 | 503 => Err(ApiError::GatewayUnavailable),
        _ => {
            let refusal = serde_json::from_slice::<Refusal>(&answer);
            let message = refusal.map_or_else(
                |_| wordless(status),
                |refusal| refusal.message.unwrap_or(refusal.error),
            );
            tracing::warn!(gateway.status = status, message, "the gateway refused a request");
            Err(ApiError::GatewayRefused { status, message })
        }
    }
}

/// What a status without a text means. Source: spec/anycable.md §4.4.
fn wordless(status: u16) -> String {
    match status {
        401 => "the gateway does not take the app's credential".into(),
        403 => "AnyCable is switched off for this app".into(),
        413 => "the message is too large".into(),
        422 => "the gateway cannot read this message or its channel's name".into(),
        429 => "too many publishes: the app's rate or quota is used up".into(),
        _ => format!("the gateway answered {status}"),
    }
}

async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, ApiError> {
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if answer.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(ApiError::GatewayRefused {
                status: 502,
                message: "the gateway's answer is too long".into(),
            });
        }
        answer.extend_from_slice(&chunk);
    }
    Ok(answer)
}

fn unreachable(error: reqwest::Error) -> ApiError {
    // The URL carries the signature.
    tracing::warn!(error = %error.without_url(), "the gateway does not answer");
    ApiError::GatewayUnavailable
}
