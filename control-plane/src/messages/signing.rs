//! With what a publish is made: credentials of the app itself, opened for one request.

use super::{
    gateway::{GatewayClient, Post},
    model::{Event, EventData, Named},
    signature,
};
use crate::{api::ApiError, apps::AppAccess, credentials, db::TenantTx, keys, state::State};
use contract::{AppId, AppKey, ChannelName};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// A pair to sign with, opened for one request.
pub struct Signer {
    pub app: AppId,
    pub key: AppKey,
    pub secret: Zeroizing<String>,
}

impl Signer {
    /// The app's oldest active pair. Errors: 409 when all are revoked.
    pub async fn oldest(
        state: &State,
        tx: &mut TenantTx,
        access: &AppAccess,
    ) -> Result<Self, ApiError> {
        let oldest = credentials::store::sealed(tx, &access.app).await?.into_iter().next();
        let pair = oldest.ok_or(ApiError::Conflict {
            code: "no_credential",
            detail: "the app has no active key and secret: make one first",
        })?;
        let secret = state.master_key.open(&pair.sealed_secret, pair.key.as_str())?;
        Ok(Self { app: access.app.clone(), key: pair.key, secret })
    }

    /// The Bearer of AnyCable's publishing API. Source: spec/anycable.md §2.
    fn cable_bearer(&self) -> Zeroizing<String> {
        Zeroizing::new(signature::mac(&self.secret, "api-cable"))
    }
}

#[derive(Serialize)]
struct PusherBody<'a> {
    name: &'a str,
    channel: &'a str,
    data: EventData<'a>,
}

#[derive(Serialize)]
struct RelayBody<'a> {
    channel: &'a str,
    event: &'a str,
    data: EventData<'a>,
}

#[derive(Serialize)]
struct CableBody<'a> {
    stream: &'a str,
    /// The text of the value that subscribers get.
    data: &'a str,
}

#[derive(Serialize)]
struct MeteredBody<'a> {
    data: &'a RawValue,
}

/// The request by which an event is published in its dialect.
pub async fn post(
    state: &State,
    tx: &mut TenantTx,
    access: &AppAccess,
    event: Event<'_>,
) -> Result<Post, ApiError> {
    match event {
        Event::Pusher(Named { channel, name, data }) => {
            let signer = Signer::oldest(state, tx, access).await?;
            let body = encoded(&PusherBody { name, channel: channel.as_str(), data })?;
            Ok(GatewayClient::signed_post(&signer, "events", body))
        }
        Event::Relay(Named { channel, name, data }) => {
            let signer = Signer::oldest(state, tx, access).await?;
            let body = encoded(&RelayBody { channel: channel.as_str(), event: name, data })?;
            let path = format!("/apps/{}/events", signer.app);
            Ok(Post::with_bearer(path, signer.secret, body))
        }
        Event::AnyCable(value) => {
            let signer = Signer::oldest(state, tx, access).await?;
            let stream = value.channel.as_str();
            let body = encoded(&CableBody { stream, data: value.data.get() })?;
            let path = format!("/apps/{}/api/publish", signer.app);
            Ok(Post::with_bearer(path, signer.cable_bearer(), body))
        }
        Event::Metered(value) => {
            let path = topic_path(&value.channel)?;
            let pair = secret_key(state, tx, &access.app, &value.channel).await?;
            Ok(Post::with_bearer(path, pair, encoded(&MeteredBody { data: value.data })?))
        }
    }
}

fn encoded(body: &impl Serialize) -> Result<Vec<u8>, ApiError> {
    serde_json::to_vec(body).map_err(ApiError::internal)
}

/// Errors: a name that stands for another path, however it is written.
fn topic_path(channel: &ChannelName) -> Result<String, ApiError> {
    if matches!(channel.as_str(), "." | "..") {
        return Err(ApiError::field("channel", "cannot stand in the path of a request"));
    }
    let segment = utf8_percent_encode(channel.as_str(), NON_ALPHANUMERIC);
    Ok(format!("/v1/channels/{segment}/publish"))
}

/// The oldest secret key that may publish there, as `id:secret`. Of a key's token nothing is kept
/// that could be sent, so it takes one with a signing secret. Errors: 409 when there is none.
async fn secret_key(
    state: &State,
    tx: &mut TenantTx,
    app: &AppId,
    channel: &ChannelName,
) -> Result<Zeroizing<String>, ApiError> {
    let (id, sealed) =
        keys::publisher::oldest(tx, app, channel).await?.ok_or(ApiError::Conflict {
            code: "no_secret_key",
            detail: "Metered's API takes secret keys: make one that has a signing secret, the \
                     action publish and a pattern for this channel, and is taken from any address",
        })?;
    let secret = state.master_key.open(&sealed, id.as_str())?;
    Ok(Zeroizing::new(format!("{id}:{}", secret.as_str())))
}
