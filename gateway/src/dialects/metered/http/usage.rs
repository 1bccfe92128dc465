//! How much an app uses. Source: spec/metered.md §12.5.

use super::{
    answer::{Failure, Success},
    period::month_of,
};
use crate::dialects::{desk::Call, json};

/// `GET /v1/usage`
///
/// The figures are this gateway's own, since its start; the period is the calendar month. There
/// are no plans here that could be gone over, so nothing is ever overage.
pub fn report(call: &Call<'_>) -> Result<Success, Failure> {
    call.admitted.charge_read()?;
    let app = &call.admitted.app;
    let (from_s, to_s) = month_of(call.now_ms / 1_000);
    let messages = app.counters.totals().map_or(0, |totals| totals.published);
    let (now, peak) = (app.connections.open(), app.connections.peak());
    let max_connections = call.admitted.state.limits.max_connections;
    let mut answer = String::from(r#"{"appId":""#);
    json::push_escaped(&mut answer, app.id.as_str());
    answer.push_str(&format!(
        r#"","periodStartUnix":{from_s},"periodEndUnix":{to_s},"concurrentNow":{now},"peakConcurrent":{peak},"messagesUsed":{messages},"overageMessages":0,"overageConnections":0,"plan":{{"name":null,"maxConcurrentConnections":{max_connections},"maxMessagesPerPeriod":null,"overagesAllowed":false,"overagesEnabled":false}}}}"#
    ));
    Ok(Success(answer))
}
