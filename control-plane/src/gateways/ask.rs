//! Asking every live gateway the same.

use super::store;
use crate::{api::ApiError, db::patiently, state::State};
use contract::AppId;
use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// A gateway that takes longer counts as one that does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Who answered what, and who did not.
pub struct Answers<T> {
    pub answered: Vec<(String, T)>,
    pub unanswered: Vec<String>,
}

/// One request about an app.
pub struct Question<'a> {
    pub method: Method,
    /// The path behind the app's.
    pub what: &'a str,
    pub query: Vec<(&'static str, &'a str)>,
    pub body: Option<Value>,
}

impl<'a> Question<'a> {
    pub fn get(what: &'a str) -> Self {
        Self { method: Method::GET, what, query: Vec::new(), body: None }
    }

    pub fn post(what: &'a str) -> Self {
        Self { method: Method::POST, ..Self::get(what) }
    }

    fn url(&self, ops_url: &str, app: &AppId) -> Result<Url, ApiError> {
        let url = format!("{ops_url}/internal/v1/apps/{app}/{}", self.what);
        let mut url = Url::parse(&url).map_err(ApiError::internal)?;
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }
}

/// Asks each gateway that is alive.
///
/// Errors: 503 when there are gateways and none of them answers.
pub async fn all<T: DeserializeOwned>(
    state: &State,
    app: &AppId,
    question: &Question<'_>,
) -> Result<Answers<T>, ApiError> {
    let live = patiently(store::live(&state.db)).await?;
    let mut asked = Vec::with_capacity(live.len());
    for gateway in &live {
        let url = question.url(&gateway.ops_url, app)?;
        let request = state.live_http.request(question.method.clone(), url);
        let request = request.bearer_auth(state.gateway_token.expose()).timeout(PATIENCE);
        asked.push(one(match &question.body {
            Some(body) => request.json(body),
            None => request,
        }));
    }
    let mut answers = Answers { answered: Vec::new(), unanswered: Vec::new() };
    for (gateway, answer) in live.iter().zip(join_all(asked).await) {
        match answer {
            Ok(answer) => answers.answered.push((gateway.id.clone(), answer)),
            Err(error) => {
                let error = error.without_url();
                tracing::warn!(gateway = gateway.id, %error, what = question.what, "a gateway does not answer");
                answers.unanswered.push(gateway.id.clone());
            }
        }
    }
    match answers.answered.is_empty() && !answers.unanswered.is_empty() {
        true => Err(ApiError::GatewayUnavailable),
        false => Ok(answers),
    }
}

async fn one<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, reqwest::Error> {
    request.send().await?.error_for_status()?.json().await
}
