//! A client of the gateway's public HTTP API.

use super::signature::{self, Request};
use crate::api::ApiError;
use contract::{AppId, AppKey};
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

/// A pair to sign with, opened for one request.
pub struct Signer {
    pub app: AppId,
    pub key: AppKey,
    pub secret: Zeroizing<String>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
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

    /// Publishes; a retry with the same idempotency key publishes nothing more.
    pub async fn publish(
        &self,
        signer: &Signer,
        body: Vec<u8>,
        idempotency_key: Option<String>,
    ) -> Result<(), ApiError> {
        let request = self.request(Method::POST, signer, "events", &[], body);
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
        send(self.request(Method::GET, signer, "channels", query, Vec::new())).await
    }

    fn request(
        &self,
        method: Method,
        signer: &Signer,
        resource: &str,
        query: &[(&str, &str)],
        body: Vec<u8>,
    ) -> RequestBuilder {
        let path = format!("/apps/{}/{resource}", signer.app);
        let request = Request { method: method.as_str(), path: &path, query, body: &body };
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let signed = signature::sign(&request, signer.key.as_str(), &signer.secret, now);
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url.query_pairs_mut().clear().extend_pairs(signed);
        let request = self.http.request(method, url);
        match body.is_empty() {
            true => request,
            false => request.header("content-type", "application/json").body(body),
        }
    }
}

async fn send(request: RequestBuilder) -> Result<Vec<u8>, ApiError> {
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status().as_u16();
    let answer = read(response).await?;
    match status {
        200 => Ok(answer),
        503 => Err(ApiError::GatewayUnavailable),
        _ => {
            let refusal = serde_json::from_slice::<Refusal>(&answer);
            let message =
                refusal.map_or_else(|_| format!("the gateway answered {status}"), |r| r.error);
            tracing::warn!(gateway.status = status, message, "the gateway refused a request");
            Err(ApiError::GatewayRefused { status, message })
        }
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
