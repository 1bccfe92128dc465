//! Who asks for a signature, and what that lets them have. Source: spec/relay.md §7.2, §7.3.

use super::{super::answer::Failure, super::cors, ask::Ask};
use crate::{
    admission::{self, Grant, KeyRef, Pending, Refusal, RequestView, TokenRefusal, Why},
    dialects::{
        desk,
        json::{self, Kind, Value},
        relay::member::{self, push_text},
    },
    directory::AppState,
    state::Gateway,
};
use actix_web::{
    HttpRequest,
    http::header::{AUTHORIZATION, ORIGIN},
};
use contract::{Action, AppId, AppKey, AuthEndpoint, ChannelName, Pattern, UserId, credential};
use percent_encoding::percent_decode_str;
use std::{borrow::Cow, sync::Arc};

/// Characters of the name that somebody nobody knows may give themselves.
const MAX_NAME_CHARS: usize = 64;

/// The levels that an app's owner chooses from let in, from the strictest on: the first, the first
/// three, all.
pub enum Caller {
    /// The customer's own back end, by the app's secret.
    BackEnd(AppKey),
    /// A user whom the customer's back end vouched for with a signed token.
    User {
        app: AppId,
        grant: Grant,
        user: UserId,
        info: Option<Arc<str>>,
    },
    /// A page with a publishable key. It says nothing of who looks at the page.
    Page {
        app: AppId,
        grant: Grant,
    },
    Anybody,
}

/// A caller whose credential may still need the body.
pub enum Arriving {
    Known(Caller),
    BackEnd(Box<Pending>),
}

impl Caller {
    /// Finds out who asks. A credential that is not good is refused, never passed over.
    pub fn of(
        request: &HttpRequest,
        gateway: &Gateway,
        state: &AppState,
        now_ms: u64,
    ) -> Result<Arriving, Failure> {
        let level = state.settings.relay.auth_endpoint;
        let directory = &gateway.directory;
        let Some(credential) = presented(request)? else {
            return match level {
                AuthEndpoint::Anonymous => from_listed(request, state, Self::Anybody),
                _ => Err(Refusal::Unauthorised(Why::Missing).into()),
            };
        };
        let is_for_clients = matches!(level, AuthEndpoint::Credentialed | AuthEndpoint::Anonymous);
        match Form::of(&credential) {
            Form::Publishable if is_for_clients => {
                let origin = request.headers().get(ORIGIN).and_then(|o| o.to_str().ok());
                let bearing = admission::publishable(directory, &credential, origin, now_ms)?;
                bearing.used(now_ms);
                let page = Self::Page { app: bearing.app.id.clone(), grant: bearing.grant };
                from_listed(request, state, page)
            }
            Form::Token if is_for_clients => {
                let (bearing, claims) = admission::signed_token(directory, &credential, now_ms)
                    .map_err(|refusal| {
                        Refusal::Unauthorised(match refusal {
                            TokenRefusal::Expired => Why::TokenExpired,
                            TokenRefusal::Invalid | TokenRefusal::OutsideKey => Why::Token,
                        })
                    })?;
                bearing.used(now_ms);
                let (app, grant) = (bearing.app.id.clone(), bearing.grant);
                let user = Self::User { app, grant, user: claims.peer, info: claims.peer_metadata };
                from_listed(request, state, user)
            }
            Form::Publishable | Form::Token | Form::Secret => {
                let view = RequestView { app_secret_bearer: true, ..desk::view(request, gateway) };
                let pending = admission::http_credential(directory, view, now_ms)?;
                Ok(Arriving::BackEnd(Box::new(pending)))
            }
        }
    }

    /// The credential to sign with, where the caller showed that they hold it.
    pub fn key(&self) -> Option<&AppKey> {
        match self {
            Self::BackEnd(key) => Some(key),
            Self::User { .. } | Self::Page { .. } | Self::Anybody => None,
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::BackEnd(_) => "back end",
            Self::User { .. } => "token",
            Self::Page { .. } => "publishable key",
            Self::Anybody => "anybody",
        }
    }

    /// Whether the channel is within this caller's reach.
    pub fn may_have(&self, channel: &ChannelName, state: &AppState) -> Result<(), Failure> {
        let listed = &state.settings.relay.auth_channels;
        let is_presence = channel.kind().is_presence();
        let has_actions = |grant: &Grant| {
            grant.allows(Action::Subscribe) && (!is_presence || grant.allows(Action::Presence))
        };
        let may = match self {
            Self::BackEnd(_) => true,
            Self::User { grant, .. } => {
                has_actions(grant)
                    && grant.authorises(channel)
                    && listed.iter().any(|pattern| pattern.matches(channel.as_str()))
            }
            Self::Page { grant, .. } => {
                has_actions(grant) && grant.covers(channel) && is_given_away(listed, channel)
            }
            Self::Anybody => is_given_away(listed, channel),
        };
        if may {
            Ok(())
        } else {
            Err(Failure::Signing("this channel is not signed for this caller"))
        }
    }

    /// What is signed along with the channel: who the caller is on it.
    pub fn channel_data<'a>(
        &self,
        ask: &'a Ask<'_>,
        state: &AppState,
    ) -> Result<Option<Cow<'a, str>>, Failure> {
        let max_info = state.limits.max_member_bytes as usize;
        let given = ask.channel_data.as_deref();
        let is_presence = ask.channel.kind().is_presence();
        let read =
            |data| member::read(data, max_info).map_err(|e| Failure::unprocessable(e.to_string()));
        match (self, given) {
            (Self::BackEnd(_), None) if is_presence => {
                Err(Failure::unprocessable("channel_data is required for presence channels"))
            }
            (Self::BackEnd(_), None) => Ok(None),
            (Self::BackEnd(_), Some(data)) => {
                read(data)?;
                Ok(Some(data.into()))
            }
            (Self::User { user, .. }, Some(data)) => match read(data)?.user == *user {
                true => Ok(Some(data.into())),
                false => Err(Failure::Signing("channel_data names another user than the token")),
            },
            (Self::User { user, info, .. }, None) => {
                let info = info.as_deref().filter(|info| info.len() <= max_info);
                Ok(is_presence.then(|| named(user.as_str(), info).into()))
            }
            (Self::Page { .. } | Self::Anybody, given) if is_presence => {
                let name = given.and_then(display_name);
                Ok(Some(named(&anonymous_id()?, name.as_deref()).into()))
            }
            // Nobody's word for who they are is signed.
            (Self::Page { .. } | Self::Anybody, _) => Ok(None),
        }
    }
}

impl Arriving {
    /// The caller, once the body is there; it must be this app's.
    pub fn complete(self, body: &[u8], app: &AppId) -> Result<Caller, Failure> {
        match self {
            Self::BackEnd(pending) => match pending.admit(body)?.key {
                KeyRef::App(key) => Ok(Caller::BackEnd(key)),
                KeyRef::Secret(_) | KeyRef::Publishable(_) => {
                    Err(Failure::Signing("a scoped key does not have channels signed"))
                }
            },
            Self::Known(caller) => match &caller {
                Caller::User { app: of, .. } | Caller::Page { app: of, .. } if of != app => {
                    Err(Refusal::Unauthorised(Why::Token).into())
                }
                _ => Ok(caller),
            },
        }
    }
}

/// What kind of credential a text is, by its form alone.
enum Form {
    Publishable,
    Token,
    Secret,
}

impl Form {
    fn of(text: &str) -> Self {
        match text {
            _ if text.starts_with("pk_") => Self::Publishable,
            // How every token begins whose header is a JSON object.
            _ if text.starts_with("eyJ") => Self::Token,
            _ => Self::Secret,
        }
    }
}

/// The credential in the header, or in the query as `key` or `token`: only there can clients put
/// it that set no headers. The app's secret is not taken from a query.
fn presented(request: &HttpRequest) -> Result<Option<String>, Failure> {
    if let Some(header) = request.headers().get(AUTHORIZATION) {
        let bearer = header.to_str().ok().and_then(|text| text.split_once(' '));
        let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let (_, token) = bearer.ok_or(Refusal::Unauthorised(Why::Missing))?;
        return Ok(Some(token.trim_matches(' ').to_owned()));
    }
    let mut pairs = request.query_string().split('&').filter_map(|pair| pair.split_once('='));
    let found = pairs.find(|(name, _)| matches!(*name, "key" | "token"));
    let Some((_, value)) = found else { return Ok(None) };
    let text = percent_decode_str(value).decode_utf8_lossy().into_owned();
    match Form::of(&text) {
        Form::Secret => Err(Refusal::Unauthorised(Why::Missing).into()),
        Form::Publishable | Form::Token => Ok(Some(text)),
    }
}

/// Pages may ask only if the app lists their origin; what is no page sends none.
fn from_listed(
    request: &HttpRequest,
    state: &AppState,
    caller: Caller,
) -> Result<Arriving, Failure> {
    match request.headers().contains_key(ORIGIN) && !cors::is_listed(request, state) {
        true => Err(Refusal::OriginRefused.into()),
        false => Ok(Arriving::Known(caller)),
    }
}

/// Whether the owner has listed the channel as one that anybody may be on: by a pattern that says
/// so, and not by one that happens to match everything.
fn is_given_away(listed: &[Pattern], channel: &ChannelName) -> bool {
    let says_so = |pattern: &&Pattern| {
        ["private-", "presence-"].iter().any(|prefix| pattern.as_str().starts_with(prefix))
    };
    listed.iter().filter(says_so).any(|pattern| pattern.matches(channel.as_str()))
}

fn named(user: &str, info: Option<&str>) -> String {
    let mut data = String::from(r#"{"user_id":"#);
    push_text(&mut data, user);
    if let Some(info) = info {
        data.push_str(r#","user_info":"#);
        data.push_str(info);
    }
    data.push('}');
    data
}

fn anonymous_id() -> Result<String, Failure> {
    let random = credential::random_bytes::<8>().map_err(|_| Refusal::Internal)?;
    Ok(format!("anon-{}", hex::encode(random)))
}

/// `{"name":…}` with the name that the caller would like to be shown as, cut to a line.
fn display_name(data: &str) -> Option<String> {
    let data = json::parse(data).ok().filter(|data| data.kind() == Kind::Object)?;
    let [info] = data.pick(["user_info"]).ok()?;
    let [name] = info.filter(|info| info.kind() == Kind::Object)?.pick(["name"]).ok()?;
    let name: String = name.and_then(Value::as_str)?.chars().take(MAX_NAME_CHARS).collect();
    let is_shown = !name.is_empty() && !name.chars().any(char::is_control);
    is_shown.then(|| {
        let mut info = String::from(r#"{"name":"#);
        push_text(&mut info, &name);
        info.push('}');
        info
    })
}
