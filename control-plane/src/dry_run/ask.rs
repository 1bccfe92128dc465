//! Asking the gateways.

use super::model::{DryRunAnswer, GatewayFindings};
use crate::{api::ApiError, db::patiently, gateways, state::State};
use contract::{
    AppId,
    dry_run::{DryRun, Findings},
};
use futures_util::future::join_all;
use std::time::Duration;

/// A gateway that takes longer counts as one that does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Errors: 503 when there are gateways and none of them answers.
pub async fn ask(state: &State, app: &AppId, question: &DryRun) -> Result<DryRunAnswer, ApiError> {
    let live = patiently(gateways::store::live(&state.db)).await?;
    let answers =
        join_all(live.iter().map(|gateway| ask_one(state, &gateway.ops_url, app, question)));
    let (mut sum, mut answered, mut unanswered) = (Findings::default(), Vec::new(), Vec::new());
    for (gateway, answer) in live.iter().zip(answers.await) {
        match answer {
            Ok(findings) => {
                answered.push(GatewayFindings::of(gateway.id.clone(), &findings));
                sum.add(findings);
            }
            Err(error) => {
                let error = error.without_url();
                tracing::warn!(gateway = gateway.id, %error, "no answer to a dry run");
                unanswered.push(gateway.id.clone());
            }
        }
    }
    match answered.is_empty() && !unanswered.is_empty() {
        true => Err(ApiError::GatewayUnavailable),
        false => Ok(DryRunAnswer::of(sum, answered, unanswered)),
    }
}

async fn ask_one(
    state: &State,
    ops_url: &str,
    app: &AppId,
    question: &DryRun,
) -> Result<Findings, reqwest::Error> {
    let request = state
        .live_http
        .post(format!("{ops_url}/internal/v1/apps/{app}/dry-run"))
        .bearer_auth(state.gateway_token.expose())
        .timeout(PATIENCE)
        .json(question);
    request.send().await?.error_for_status()?.json().await
}
