//! What is there in an app right now: asked by the control plane.

use super::server::{no_such_app, refuse_stranger};
use crate::{directory::App, hub::clock, state::Gateway};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Query},
};
use contract::{
    ChannelName, SocketId,
    inspect::{ChannelDetail, ChannelMember, RecentEvent, Terminated, Wanted},
    live::LiveEvent,
};
use realtime::{Event, LinkError, Member, Topic};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;

#[derive(Deserialize)]
pub struct Named {
    name: ChannelName,
}

pub async fn connections(
    request: HttpRequest,
    gateway: Data<Gateway>,
    id: Path<String>,
    wanted: Query<Wanted>,
) -> HttpResponse {
    match known(&request, &gateway, &id) {
        Ok(app) => {
            let list = gateway.connections(&app.id, wanted.into_inner()).await;
            HttpResponse::Ok().json(list)
        }
        Err(refused) => *refused,
    }
}

pub async fn terminate(
    request: HttpRequest,
    gateway: Data<Gateway>,
    path: Path<(String, SocketId)>,
) -> HttpResponse {
    let (id, socket) = path.into_inner();
    match known(&request, &gateway, &id) {
        Ok(app) => match gateway.terminate(&app.id, socket).await {
            Some(was_here) => HttpResponse::Ok().json(Terminated { was_here }),
            None => HttpResponse::ServiceUnavailable().finish(),
        },
        Err(refused) => *refused,
    }
}

pub async fn channel(
    request: HttpRequest,
    gateway: Data<Gateway>,
    id: Path<String>,
    named: Query<Named>,
) -> HttpResponse {
    let app = match known(&request, &gateway, &id) {
        Ok(app) => app,
        Err(refused) => return *refused,
    };
    let topic = Topic { app: app.id.clone(), channel: named.into_inner().name };
    match detail(&gateway, &topic).await {
        Ok(detail) => HttpResponse::Ok().json(detail),
        Err(LinkError::Unavailable) => HttpResponse::ServiceUnavailable().finish(),
    }
}

async fn detail(gateway: &Gateway, topic: &Topic) -> Result<ChannelDetail, LinkError> {
    let now_ms = clock::unix_ms();
    let occupancy = gateway.router.occupancy(topic, now_ms).await?;
    let members = gateway.router.members(topic).await?;
    let history = gateway.router.history(topic, None, ChannelDetail::MAX_EVENTS, now_ms).await?;
    Ok(ChannelDetail {
        subscriptions: occupancy.subscriptions.into(),
        users: occupancy.users.into(),
        members: members.iter().take(ChannelDetail::MAX_MEMBERS).map(shown_member).collect(),
        cached: occupancy.cached.map(|cached| shown_event(&cached.event)),
        events: history.events.iter().rev().map(|event| shown_event(event)).collect(),
    })
}

fn shown_member(member: &Member) -> ChannelMember {
    let info = member.info.as_ref();
    // Info is the text of a JSON value; what does not read as one is not shown.
    let info = info.and_then(|text| RawValue::from_string(text.to_string()).ok());
    ChannelMember { user_id: member.user.clone(), info }
}

fn shown_event(event: &Event) -> RecentEvent {
    RecentEvent {
        event: event.name.clone(),
        data: LiveEvent::shortened(event.data.as_str(), LiveEvent::MAX_DATA_BYTES).to_owned(),
        at_ms: event.at_ms,
    }
}

/// The app, or the answer to a stranger or about an app that is not here.
fn known(
    request: &HttpRequest,
    gateway: &Gateway,
    id: &str,
) -> Result<Arc<App>, Box<HttpResponse>> {
    match refuse_stranger(request, gateway) {
        Some(refused) => Err(refused.into()),
        None => gateway.directory.app_by_id(id).ok_or_else(|| no_such_app().into()),
    }
}
