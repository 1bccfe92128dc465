//! List and end connections, look into a channel.

use super::model::{
    ChannelQuery, ChannelView, ConnectionsQuery, LoggedConnection, OpenConnections,
};
use crate::{
    api::{ApiError, Problem, path::named},
    apps::AppAccess,
    gateways::ask::{self, Question},
    organisations::Permission,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, get, post,
    web::{Data, Query},
};
use contract::{
    SocketId,
    inspect::{self, ChannelDetail, Terminated},
};
use serde::de::DeserializeOwned;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_connections).service(terminate_connection).service(get_channel);
}

/// The connections that are open right now, newest first.
#[utoipa::path(
    tag = "messages",
    params(("app" = String, Path, description = "App id"), ConnectionsQuery),
    responses(
        (status = 200, body = OpenConnections),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
        (status = 503, body = Problem, description = "No gateway answers"),
    )
)]
#[get("/v1/apps/{app}/connections")]
pub async fn list_connections(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::AppsRead)?;
    let wanted = asked::<ConnectionsQuery>(&request)?;
    let mut question = Question::get("connections");
    question.query.extend(wanted.channel.iter().map(|channel| ("channel", channel.as_str())));
    question.query.extend(wanted.user.iter().map(|user| ("user", user.as_str())));
    let answers = ask::all(&state, &access.app, &question).await?;
    let mut open = inspect::Connections::default();
    answers.answered.into_iter().for_each(|(_, part)| open.add(part));
    Ok(HttpResponse::Ok().json(OpenConnections {
        connections: open.connections.into_iter().map(Into::into).collect(),
        total: open.total,
        unanswered: answers.unanswered,
    }))
}

/// End one connection, as its dialect ends those of users who are sent away.
///
/// Clients that connect again are let in again: take away their credential to keep them out.
#[utoipa::path(
    tag = "messages",
    params(
        ("app" = String, Path, description = "App id"),
        ("socket" = String, Path, description = "Socket id"),
    ),
    responses(
        (status = 204, description = "It is being closed"),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem, description = "No such connection is open"),
        (status = 503, body = Problem, description = "A gateway does not answer"),
    )
)]
#[post("/v1/apps/{app}/connections/{socket}/terminate")]
pub async fn terminate_connection(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::AppsWrite)?;
    let socket: SocketId = named(&request, "socket")?;
    let what = format!("connections/{socket}/terminate");
    let answers = ask::all::<Terminated>(&state, &access.app, &Question::post(&what)).await?;
    match answers.answered.iter().any(|(_, answer)| answer.was_here) {
        true => {
            let mut tx = access.begin(&state).await?;
            let ended = LoggedConnection { app_id: access.app.clone() };
            let subject = socket.to_string();
            tx.audit_change("connection.terminated", &subject, Some(&ended), None).await?;
            tx.commit().await?;
            Ok(HttpResponse::NoContent().finish())
        }
        // It may be at a gateway that did not say.
        false if !answers.unanswered.is_empty() => Err(ApiError::GatewayUnavailable),
        false => Err(ApiError::NotFound),
    }
}

/// Who is on a channel, what a cache channel has for newcomers, and the latest events.
///
/// A channel that nobody hears and that remembers nothing is shown empty.
#[utoipa::path(
    tag = "messages",
    params(("app" = String, Path, description = "App id"), ChannelQuery),
    responses(
        (status = 200, body = ChannelView),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
        (status = 503, body = Problem, description = "No gateway answers"),
    )
)]
#[get("/v1/apps/{app}/channel")]
pub async fn get_channel(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::AppsRead)?;
    let name = asked::<ChannelQuery>(&request)?.name;
    let question = Question { query: vec![("name", name.as_str())], ..Question::get("channel") };
    let answers = ask::all(&state, &access.app, &question).await?;
    let mut detail = ChannelDetail::default();
    answers.answered.into_iter().for_each(|(_, part)| detail.add(part));
    Ok(HttpResponse::Ok().json(ChannelView::of(&name, detail, answers.unanswered)))
}

fn asked<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, ApiError> {
    let query = Query::<T>::from_query(request.query_string());
    query.map(Query::into_inner).map_err(|e| ApiError::field("query", e))
}
