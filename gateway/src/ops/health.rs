//! `/up`, `/up/{appId}`, `/live`, `/usage`. Source: spec/pusher.md §18.1, §18.2.

use crate::{ops::usage, state::Gateway};
use actix_web::{HttpResponse, http::StatusCode, web};

/// How the gateway, or one app on it, is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Ok,
    /// Traffic is served, but something behind it needs a look.
    Degraded,
    Error,
    NotFound,
    Draining,
}

impl Health {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Degraded => "DEGRADED",
            Self::Error => "ERROR",
            Self::NotFound => "NOT_FOUND",
            Self::Draining => "DRAINING",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Ok | Self::Degraded => StatusCode::OK,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Error | Self::Draining => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn answer(self) -> HttpResponse {
        HttpResponse::build(self.status())
            .insert_header(("X-Health-Check", self.word()))
            .content_type("text/plain; charset=utf-8")
            .body(self.word())
    }

    fn of(gateway: &Gateway) -> Self {
        let status = gateway.directory.status();
        if gateway.is_draining() {
            Self::Draining
        } else if !status.is_loaded() || gateway.directory.is_empty() {
            Self::Error
        } else if status.is_disk_failing() {
            Self::Degraded
        } else {
            Self::Ok
        }
    }

    fn of_app(gateway: &Gateway, id: &str) -> Self {
        let app = gateway.directory.app_by_path(id);
        match (Self::of(gateway), app.map(|app| app.load().serves())) {
            (Self::Draining, _) => Self::Draining,
            (Self::Error, None) => Self::Error,
            (_, None) => Self::NotFound,
            (_, Some(false)) => Self::Error,
            (whole, Some(true)) => whole,
        }
    }
}

pub async fn up(gateway: web::Data<Gateway>) -> HttpResponse {
    Health::of(&gateway).answer()
}

pub async fn up_app(gateway: web::Data<Gateway>, id: web::Path<String>) -> HttpResponse {
    Health::of_app(&gateway, &id).answer()
}

/// The process runs; nothing more is said.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().finish()
}

pub async fn usage() -> HttpResponse {
    match usage::memory() {
        Ok(memory) => HttpResponse::Ok().json(serde_json::json!({ "memory": memory })),
        Err(e) => {
            tracing::error!(error = %e, "memory usage could not be read");
            HttpResponse::InternalServerError().json(
                serde_json::json!({"error": "internal error", "code": "internal", "status": 500}),
            )
        }
    }
}
