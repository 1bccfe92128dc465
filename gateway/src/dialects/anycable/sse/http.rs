//! From a request for events to a connection of the hub, told by the response's body.
//! Source: spec/anycable.md §9, §13.

use super::{
    Conversation,
    ask::{BadAsk, MAX_COMMAND_BYTES, Query, commands},
    response::{self, Events},
    text::{Form, push_frame},
};
use crate::{
    admission::{self, ConnectionPermit, Refusal, Why},
    dialects::{
        self, Dialect,
        anycable::{
            self,
            codec::decode,
            conversation::{Opening, Protocol, Token},
            errors::Fatal,
            frame::Inbound,
            heartbeat::Pace,
            http::{Named, cors, key_in, origin},
            pubsub,
            sid::Sid,
        },
        desk::{self, BodyError},
    },
    directory::{App, AppState},
    hub::{Hub, clock, connection::Connection, session},
    quota,
    refusals::{Denied, Told},
    state::Gateway,
    wire::stream::Wire,
};
use actix_web::{
    HttpRequest, HttpResponse, guard,
    http::{Method, StatusCode},
    web::{self, Data, Payload, ServiceConfig},
};
use contract::{AppKey, RefusalCode, SocketId, credential, refusal::Transport};
use std::sync::Arc;

/// On a cable's own host, and below the app everywhere. Posting to `/apps/{app}/events` is
/// publishing in other dialects.
pub fn configure(routes: &mut ServiceConfig) {
    routes
        .service(web::resource("/events").to(events))
        .service(web::resource("/apps/{app}/sse").to(events))
        .service(web::resource("/apps/{app}/events").guard(guard::Get()).to(events));
}

const METHODS: &str = "GET, POST, OPTIONS";

async fn events(
    request: HttpRequest,
    mut payload: Payload,
    gateway: Data<Gateway>,
) -> HttpResponse {
    let app = match Named::by(&request, &gateway) {
        Named::Nothing => return response::empty(StatusCode::NOT_FOUND),
        Named::App(app) => Some(app),
        Named::Unknown => None,
    };
    let outcome = match *request.method() {
        Method::OPTIONS => Ok(response::empty(StatusCode::OK)),
        Method::GET | Method::POST => {
            open(&request, &mut payload, &gateway.clone().into_inner(), app.as_ref()).await
        }
        _ => Err(Failure::Method),
    };
    let mut response = match outcome {
        Ok(response) => response,
        Err(failure) => {
            let told = failure.note(&request, &gateway, app.as_deref());
            failure.respond(&request, payload, &told)
        }
    };
    if let Some(app) = &app {
        app.counters.add_request(response.status().as_u16(), 0, 0);
    }
    let state = app.as_ref().map(|app| app.load());
    let allowed = state.as_ref().map_or(&[][..], |state| &state.settings.allowed_origins);
    cors::allow(response.headers_mut(), allowed, origin(&request), METHODS);
    response
}

/// Everything that a status code can say is decided here.
async fn open(
    request: &HttpRequest,
    payload: &mut Payload,
    gateway: &Arc<Gateway>,
    app: Option<&Arc<App>>,
) -> Result<HttpResponse, Failure> {
    let app = app.ok_or(Refusal::AppUnknown)?;
    let state = app.state();
    if !state.serves() {
        return Err(Refusal::AppDisabled.into());
    }
    if !Dialect::AnyCableEvents.is_on(&state) {
        return Err(Refusal::DialectDisabled.into());
    }
    if !state.settings.anycable.sse {
        return Err(Failure::Off);
    }
    let query = Query::read(request.query_string());
    let whole = request.method() == Method::POST;
    let form = Form { raw: query.raw, whole };
    let who = Who::shown(request, &query, &state, key_in(request, gateway, &state))?;
    let said = match whole {
        true => {
            let body = desk::read_body(request, payload, MAX_COMMAND_BYTES).await?;
            let text = std::str::from_utf8(&body).map_err(|_| BadAsk::Commands)?;
            commands(text)?.into_iter().map(str::to_owned).collect()
        }
        false => vec![query.command(header(request, "last-event-id"))?],
    };
    check(&said, &state)?;
    if gateway.is_draining() {
        return Ok(elsewhere(form));
    }
    let is_tls = gateway.config.tls.is_some();
    let permit = quota::connect(&gateway.leases, app, origin(request), is_tls).await?;
    listen(gateway, app, permit, who, Wanted { form, said })
}

/// Whether every line is a command, and every subscription would be let in.
fn check(said: &[String], state: &AppState) -> Result<(), BadAsk> {
    let mut subscriptions = 0;
    for line in said {
        if let Inbound::Subscribe { identifier, .. } = decode(line).map_err(|_| BadAsk::Commands)? {
            pubsub::decide(&identifier, state).map_err(BadAsk::Rejected)?;
            subscriptions += 1;
        }
    }
    let max = state.limits.max_channels_per_connection;
    match subscriptions {
        0 => Err(BadAsk::Nothing),
        n if n > max => Err(BadAsk::TooMany { max }),
        _ => Ok(()),
    }
}

/// A node that goes down has the client come again, by a response that ends at once: an error would
/// keep it away for good.
fn elsewhere(form: Form) -> HttpResponse {
    let mut text = String::new();
    let frame = Fatal::ServerRestart.frame();
    push_frame(&mut text, std::str::from_utf8(&frame).unwrap_or_default(), form);
    response::events(text)
}

struct Wanted {
    form: Form,
    said: Vec<String>,
}

fn listen(
    gateway: &Arc<Gateway>,
    app: &Arc<App>,
    mut permit: ConnectionPermit,
    who: Who,
    Wanted { form, said }: Wanted,
) -> Result<HttpResponse, Failure> {
    let random = credential::random_bytes::<16>().map_err(|error| {
        tracing::error!(%error, "no connection name could be made");
        Refusal::Internal
    })?;
    let [socket, random] = [&random[..8], &random[8..]]
        .map(|half| half.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte)));
    let socket = SocketId::from_random(socket);
    if let Some(key) = who.token.as_ref().map(|token| &token.key).or(who.key.as_ref()) {
        permit.opened_with(key, clock::unix_ms());
    }
    let opening = Opening {
        socket,
        sid: Sid::new(socket, random),
        protocol: Protocol::Extended,
        key: who.key,
        ext: who.ext,
        token: who.token,
        pace: Pace::default(),
        resumed: None,
        kept: None,
        now_ms: clock::now_ms(),
    };
    let inner = anycable::Conversation::open(opening, &app.load());
    let conversation = Conversation::open(inner, form, said);
    let conversation = dialects::Conversation::AnyCableEvents(Box::new(conversation));
    let (events, wire) = Events::pipe();
    let (slow, now) = (gateway.config.slow_consumer_bytes, clock::now_ms());
    let wire = Wire::pipe(wire);
    let connection = Connection::new(socket, app.clone(), wire, conversation, permit, slow, now);
    actix_rt::spawn(session::serve(Hub::here(gateway), connection, session::Opening::default()));
    Ok(response::events(events))
}

/// Who a client showed itself to be.
struct Who {
    /// By which the URL named the app.
    key: Option<AppKey>,
    ext: Option<Arc<str>>,
    token: Option<Token>,
}

impl Who {
    /// A bad token is refused also where none is needed.
    fn shown(
        request: &HttpRequest,
        query: &Query,
        state: &AppState,
        key: Option<AppKey>,
    ) -> Result<Self, Refusal> {
        let jwt = header(request, "x-jid").filter(|jwt| !jwt.is_empty());
        let Some(jwt) = jwt.or(query.token.as_deref()) else {
            return match state.settings.anycable.anonymous {
                true => Ok(Self { key, ext: None, token: None }),
                false => Err(Refusal::Unauthorised(Why::Missing)),
            };
        };
        let claims = admission::app_token(state, jwt, clock::unix_ms())
            .map_err(|_| Refusal::Unauthorised(Why::Token))?;
        let token = Token { key: claims.key, expires_s: claims.exp };
        Ok(Self { key, ext: Some(claims.ext), token: Some(token) })
    }
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

pub fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::AppUnknown | Refusal::AppDisabled | Refusal::DialectDisabled => {
            StatusCode::UNAUTHORIZED
        }
        refusal => {
            StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// Why there are no events.
enum Failure {
    Refused(Refusal),
    Asked(BadAsk),
    Body(BodyError),
    Method,
    Off,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<BadAsk> for Failure {
    fn from(bad: BadAsk) -> Self {
        Self::Asked(bad)
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Refused(refusal) => Self::Refused(refusal),
            other => Self::Body(other),
        }
    }
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Self::Refused(refusal) => status_of(refusal),
            Self::Asked(_) => StatusCode::BAD_REQUEST,
            Self::Body(BodyError::TooSlow) => StatusCode::REQUEST_TIMEOUT,
            Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Off => StatusCode::NOT_FOUND,
        }
    }

    /// That there is such an app is nothing to be told to strangers.
    fn mask(&self) -> Option<RefusalCode> {
        let is_told_apart = !matches!(
            self,
            Self::Refused(Refusal::AppUnknown | Refusal::AppDisabled | Refusal::DialectDisabled)
        );
        if is_told_apart { None } else { Some(RefusalCode::Unauthorised) }
    }

    /// What the client is not told, whoever watches the app is.
    fn note(&self, request: &HttpRequest, gateway: &Gateway, app: Option<&App>) -> Told {
        let too_many;
        let refusal = match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Asked(BadAsk::TooMany { max }) => {
                too_many = Refusal::ChannelLimit { limit: *max };
                Some(&too_many)
            }
            _ => None,
        };
        if let (Some(app), Some(refusal)) = (app, refusal) {
            app.counters.add_refusal(refusal);
        }
        let (code, message) = match self {
            Self::Refused(refusal) => (refusal.code().as_str(), refusal.to_string()),
            Self::Asked(bad) => ("bad_request", bad.to_string()),
            Self::Body(_) => ("bad_request", "the body could not be read".into()),
            Self::Method => ("bad_request", "the method must be GET or POST".into()),
            Self::Off => ("not_found", "server-sent events are off (setting anycable.sse)".into()),
        };
        let denied = Denied {
            refusal,
            dialect: Dialect::AnyCableEvents,
            transport: Transport::Http,
            key: None,
            action: &format!("{} {}", request.method(), request.path()),
            channel: None,
            code,
            message: &message,
        };
        gateway.deny(app, denied).masked(self.mask())
    }

    fn respond(&self, request: &HttpRequest, payload: Payload, told: &Told) -> HttpResponse {
        let retry_after_s = match self {
            Self::Refused(refusal) => refusal.retry_after_s(),
            _ => None,
        };
        let mut response = response::refuse(request, payload, self.status(), retry_after_s);
        for (name, value) in told.headers() {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
