//! Ending a peer's connections. Source: spec/metered.md §12.4.

use super::{
    answer::{Failure, Success},
    name,
};
use crate::dialects::{desk::Call, json, metered::names};

/// `DELETE /v1/peers/{peer}`
///
/// Any secret key of the app may, whatever its scope. A peer that nobody is has no connections,
/// which is success.
pub async fn disconnect(call: &Call<'_>, raw: &str) -> Result<Success, Failure> {
    let peer = names::peer(&name(raw)?).map_err(|e| Failure::bad_request(e.to_string()))?;
    call.admitted.charge_read()?;
    let closed = call.gateway.router.terminate_user(&call.admitted.app.id, &peer).await?;
    let mut answer = String::from(r#"{"peerId":""#);
    json::push_escaped(&mut answer, peer.as_str());
    answer.push_str(r#"","closed":"#);
    answer.push_str(itoa::Buffer::new().format(closed));
    answer.push('}');
    Ok(Success(answer))
}
