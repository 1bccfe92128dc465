//! One error type for the management API and the one table that turns it into problem+json.

use super::request_id;
use actix_web::{HttpResponse, ResponseError, http::StatusCode, http::header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("sign in first")]
    Unauthenticated,
    #[error("the e-mail address or the password is wrong")]
    WrongLogin,
    #[error("the password is wrong")]
    WrongPassword,
    #[error("the code is wrong or was used before")]
    WrongCode,
    #[error("signing in took too long or was tried too often: begin again")]
    LoginExpired,
    #[error("this link was used, is too old, or is not one of ours: ask for another")]
    LinkInvalid,
    #[error("confirm your e-mail address first: we have sent you a link")]
    EmailUnverified,
    #[error("give your password again first")]
    ConfirmationRequired,
    #[error("the X-CSRF-Token header is missing or is not this session's")]
    Csrf,
    #[error("requests from this origin are not accepted")]
    ForeignOrigin,
    #[error("your role in this organisation does not allow this")]
    Forbidden,
    #[error("this management token does not allow this")]
    TokenForbidden,
    #[error("this is for a person who is signed in, not for a management token")]
    PersonOnly,
    #[error("there is nothing here")]
    NotFound,
    #[error("this method is not available here")]
    MethodNotAllowed { allow: String },
    #[error("{detail}")]
    Conflict { code: &'static str, detail: &'static str },
    #[error("the feed no longer reaches back that far: take a snapshot")]
    FeedGone,
    #[error("the body is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the body did not arrive in time")]
    BodyTimeout,
    #[error("{0}")]
    UnsupportedMediaType(&'static str),
    #[error("the body is not JSON: {0}")]
    MalformedJson(String),
    #[error("your plan does not allow this: {rule}")]
    PlanLimit { rule: &'static str, used: Option<u64>, limit: Option<u64> },
    #[error("some fields are not acceptable")]
    Invalid(Vec<FieldError>),
    #[error("this Idempotency-Key was used with a different request")]
    IdempotencyKeyReused,
    #[error("too many requests")]
    RateLimited { retry_after_s: u64 },
    #[error("the service is busy")]
    Overloaded,
    #[error("the database does not answer")]
    DatabaseUnavailable,
    #[error("the gateway does not answer")]
    GatewayUnavailable,
    #[error("the payment provider does not answer")]
    PaymentProviderUnavailable,
    #[error("the signature does not fit")]
    WebhookSignature,
    #[error("{message}")]
    GatewayRefused { status: u16, message: String },
    #[error("something went wrong on our side")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// One field that was not acceptable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// The member's path in the body, or the parameter's name.
    pub field: String,
    pub message: String,
}

/// An error as the outside reads it (RFC 9457, `application/problem+json`).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// Stable, for programs.
    pub code: String,
    pub detail: String,
    /// The same as the `X-Request-Id` header; quote it when asking for help.
    pub request_id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// With `plan_limit`: which limit of the plan, by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// With `plan_limit`: what is there already, or was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
    /// With `plan_limit`: what the plan allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

impl ApiError {
    pub fn field(field: impl Into<String>, message: impl ToString) -> Self {
        let error = FieldError { field: field.into(), message: message.to_string() };
        Self::Invalid(vec![error])
    }

    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// Whether someone who had access no longer has it; other errors pass.
    pub fn ends_a_session(&self) -> bool {
        matches!(
            self,
            Self::Unauthenticated | Self::NotFound | Self::Forbidden | Self::TokenForbidden
        )
    }

    /// Status and machine code. No `_` arm: a new error does not compile without its row.
    fn row(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Self::WrongLogin => (StatusCode::UNAUTHORIZED, "wrong_login"),
            Self::WrongPassword => (StatusCode::FORBIDDEN, "wrong_password"),
            Self::WrongCode => (StatusCode::FORBIDDEN, "wrong_code"),
            Self::LoginExpired => (StatusCode::UNAUTHORIZED, "login_expired"),
            Self::LinkInvalid => (StatusCode::GONE, "link_invalid"),
            Self::EmailUnverified => (StatusCode::FORBIDDEN, "email_unverified"),
            Self::ConfirmationRequired => (StatusCode::FORBIDDEN, "confirmation_required"),
            Self::Csrf => (StatusCode::FORBIDDEN, "csrf"),
            Self::ForeignOrigin => (StatusCode::FORBIDDEN, "foreign_origin"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            Self::TokenForbidden => (StatusCode::FORBIDDEN, "token_forbidden"),
            Self::PersonOnly => (StatusCode::FORBIDDEN, "person_only"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Self::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::Conflict { code, .. } => (StatusCode::CONFLICT, code),
            Self::FeedGone => (StatusCode::GONE, "feed_gone"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::BodyTimeout => (StatusCode::REQUEST_TIMEOUT, "body_timeout"),
            Self::UnsupportedMediaType(_) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
            }
            Self::MalformedJson(_) => (StatusCode::BAD_REQUEST, "malformed_json"),
            Self::PlanLimit { .. } => (StatusCode::FORBIDDEN, "plan_limit"),
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            Self::IdempotencyKeyReused => {
                (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused")
            }
            Self::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
            Self::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, "overloaded"),
            Self::DatabaseUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "database_unavailable"),
            Self::GatewayUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "gateway_unavailable"),
            Self::PaymentProviderUnavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "payment_provider_unavailable")
            }
            Self::WebhookSignature => (StatusCode::BAD_REQUEST, "webhook_signature"),
            Self::GatewayRefused { status, .. } => (gateway_status(*status), "gateway_refused"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after_s } => Some(*retry_after_s),
            Self::Overloaded
            | Self::DatabaseUnavailable
            | Self::GatewayUnavailable
            | Self::PaymentProviderUnavailable => Some(1),
            _ => None,
        }
    }
}

/// What the gateway said about a publish, as the caller of this API should hear it. A refused
/// signature is between our two services, never the caller's doing.
fn gateway_status(status: u16) -> StatusCode {
    match status {
        400 | 422 => StatusCode::UNPROCESSABLE_ENTITY,
        403 | 404 | 413 | 429 => StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY),
        _ => StatusCode::BAD_GATEWAY,
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.row().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, code) = self.row();
        let request_id = request_id::current();
        if let Self::Internal(cause) = self {
            tracing::error!(request.id = %request_id, error = %cause, "request failed");
        }
        let (rule, used, limit) = match self {
            Self::PlanLimit { rule, used, limit } => (Some((*rule).to_owned()), *used, *limit),
            _ => (None, None, None),
        };
        let problem = Problem {
            kind: "about:blank".into(),
            title: status.canonical_reason().unwrap_or("Error").into(),
            status: status.as_u16(),
            code: code.into(),
            detail: self.to_string(),
            request_id,
            errors: match self {
                Self::Invalid(errors) => errors.clone(),
                _ => Vec::new(),
            },
            rule,
            used,
            limit,
        };
        let mut response = HttpResponse::build(status);
        if let Some(seconds) = self.retry_after_s() {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if let Self::MethodNotAllowed { allow } = self {
            response.insert_header((header::ALLOW, allow.as_str()));
        }
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        match serde_json::to_string(&problem) {
            Ok(body) => response.body(body),
            Err(_) => response.finish(),
        }
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        // 57014: statement timeout. 55P03: lock timeout. 57P0x: shutting down. 53xxx: no resources.
        let code = error.as_database_error().and_then(|e| e.code());
        let busy = code.as_deref().is_some_and(|c| {
            c == "57014" || c == "55P03" || c.starts_with("57P") || c.starts_with("53")
        });
        match error {
            sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::PoolClosed => {
                tracing::warn!(%error, "database unavailable");
                Self::DatabaseUnavailable
            }
            error if busy => {
                tracing::warn!(%error, "database unavailable");
                Self::DatabaseUnavailable
            }
            error => Self::internal(error),
        }
    }
}

impl From<contract::credential::NoRandomness> for ApiError {
    fn from(error: contract::credential::NoRandomness) -> Self {
        Self::internal(error)
    }
}

impl From<contract::seal::SealError> for ApiError {
    fn from(error: contract::seal::SealError) -> Self {
        Self::internal(error)
    }
}
