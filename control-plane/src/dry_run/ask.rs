//! Asking the gateways.

use super::model::{DryRunAnswer, GatewayFindings};
use crate::{
    api::ApiError,
    gateways::ask::{self, Question},
    state::State,
};
use contract::{
    AppId,
    dry_run::{DryRun, Findings},
};

/// Errors: 503 when there are gateways and none of them answers.
pub async fn ask(state: &State, app: &AppId, question: &DryRun) -> Result<DryRunAnswer, ApiError> {
    let body = serde_json::to_value(question).map_err(ApiError::internal)?;
    let question = Question { body: Some(body), ..Question::post("dry-run") };
    let answers = ask::all::<Findings>(state, app, &question).await?;
    let mut sum = Findings::default();
    let mut answered = Vec::new();
    for (gateway, findings) in answers.answered {
        answered.push(GatewayFindings::of(gateway, &findings));
        sum.add(findings);
    }
    Ok(DryRunAnswer::of(sum, answered, answers.unanswered))
}
