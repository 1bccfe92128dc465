//! Who is asking: a signed-in person, or a script with a management token.

use super::store;
use crate::{
    api::{ApiError, client},
    audit::Actor,
    db::PersonId,
    organisations::Permission,
    people::Person,
    state::State,
};
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web::Data};
use contract::{AppId, ManagementToken, ManagementTokenId};
use std::{future::Future, pin::Pin};
use uuid::Uuid;

/// Who is asking, on routes that are open to scripts as well.
pub enum Caller {
    Person(Person),
    Token(ActingToken),
}

/// A management token that was presented and is in force.
pub struct ActingToken {
    pub id: ManagementTokenId,
    pub name: String,
    pub organisation: Uuid,
    pub maker: PersonId,
    pub maker_email: String,
    pub permissions: Vec<Permission>,
    /// The apps it is for; none: all, and the organisation itself.
    pub apps: Option<Vec<AppId>>,
}

impl Caller {
    /// A Bearer token is never sent by a browser on its own, so with one there is no CSRF token to
    /// ask for. A cookie that comes along does not count.
    pub async fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        match bearer(request) {
            Some(presented) => ActingToken::of(request, presented).await.map(Self::Token),
            None => Person::of(request).await.map(Self::Person),
        }
    }

    /// The person signed in, or the token's maker.
    pub fn id(&self) -> PersonId {
        match self {
            Self::Person(person) => person.id(),
            Self::Token(token) => token.maker,
        }
    }

    pub fn email(&self) -> &str {
        match self {
            Self::Person(person) => &person.user.email,
            Self::Token(token) => &token.maker_email,
        }
    }

    /// The person signed in. Errors: 403 for what no script may do.
    pub fn person(&self) -> Result<&Person, ApiError> {
        match self {
            Self::Person(person) => Ok(person),
            Self::Token(_) => Err(ApiError::PersonOnly),
        }
    }

    /// Errors: 403 while a person's address is not proved. Who makes tokens has proved theirs.
    pub fn require_verified(&self) -> Result<(), ApiError> {
        match self {
            Self::Person(person) => person.require_verified(),
            Self::Token(_) => Ok(()),
        }
    }

    /// Errors: 403 when a person has not given their password lately. A token has none to give: its
    /// maker gave it when they chose its permissions.
    pub fn require_recent(&self) -> Result<(), ApiError> {
        match self {
            Self::Person(person) => person.require_recent(),
            Self::Token(_) => Ok(()),
        }
    }

    pub fn actor(&self) -> Actor {
        match self {
            Self::Person(person) => Actor::from(&person.user),
            Self::Token(token) => Actor::token(&token.id, &token.name, token.maker),
        }
    }

    /// The one organisation that the caller is confined to, if it is.
    pub fn organisation(&self) -> Option<Uuid> {
        match self {
            Self::Person(_) => None,
            Self::Token(token) => Some(token.organisation),
        }
    }

    /// Whether `organisation` may be one of the caller's at all.
    pub fn may_enter(&self, organisation: Uuid) -> bool {
        self.organisation().is_none_or(|only| only == organisation)
    }

    /// Whether `app` may be one of the caller's at all.
    pub fn may_reach(&self, app: &AppId) -> bool {
        self.apps().is_none_or(|apps| apps.contains(app))
    }

    /// The apps that the caller is confined to, if it is.
    pub fn apps(&self) -> Option<&[AppId]> {
        match self {
            Self::Person(_) => None,
            Self::Token(token) => token.apps.as_deref(),
        }
    }
}

impl ActingToken {
    async fn of(request: &HttpRequest, presented: &str) -> Result<Self, ApiError> {
        let state = request.app_data::<Data<State>>();
        let state = state.ok_or_else(|| ApiError::internal("no state"))?;
        // A wrong checksum is refused before any look-up.
        let token: ManagementToken = presented.parse().map_err(|_| ApiError::Unauthenticated)?;
        let address = client::address_of(request, state);
        state.token_limits.check_address(address)?;
        let Some(acting) = store::acting(&state.db, &token).await? else {
            state.token_limits.charge_unknown(address);
            return Err(ApiError::Unauthenticated);
        };
        state.token_limits.charge(&acting.id)?;
        Ok(acting)
    }
}

/// The Bearer credential of a request. Other schemes are for whatever stands in front of us.
fn bearer(request: &HttpRequest) -> Option<&str> {
    let header = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credential) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credential.trim())
}

/// For routes of a person's own account. Errors: 403 when a token that is in force asks, 401 when
/// another does.
pub async fn refuse_token(request: &HttpRequest) -> Result<(), ApiError> {
    match bearer(request) {
        None => Ok(()),
        Some(presented) => {
            ActingToken::of(request, presented).await?;
            Err(ApiError::PersonOnly)
        }
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}
