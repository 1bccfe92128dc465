//! Replacing a secret while the one before it goes on for a while.

use crate::{
    api::{ApiError, idempotency::Ticket},
    db::TenantTx,
    feed::{self, model::Receipt},
    state::State,
};
use actix_web::{HttpResponse, http::StatusCode};
use contract::directory::Revision;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// For how long the secret before is taken as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct Overlap(u32);

impl Overlap {
    pub const MAX_S: u32 = 30 * 86_400;

    pub fn seconds(self) -> f64 {
        f64::from(self.0)
    }

    /// Whether the one before ends at once.
    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    pub fn ends(self, now: OffsetDateTime) -> OffsetDateTime {
        now + time::Duration::seconds(self.0.into())
    }
}

impl Default for Overlap {
    fn default() -> Self {
        Self(86_400)
    }
}

impl TryFrom<u32> for Overlap {
    type Error = String;
    fn try_from(seconds: u32) -> Result<Self, String> {
        match seconds <= Self::MAX_S {
            true => Ok(Self(seconds)),
            false => Err(format!("must be 0 to {}", Self::MAX_S)),
        }
    }
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// Seconds in which the one before is taken as well (86400); 0 ends it at once. An earlier one
    /// whose overlap has not ended yet ends now.
    #[serde(default)]
    #[schema(value_type = Option<u32>, maximum = 2592000)]
    pub overlap_s: Overlap,
}

/// The secret or token before the present one, while it is taken.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Previous {
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// Whether something still uses it, and since when not.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub last_used_at: Option<OffsetDateTime>,
}

impl Previous {
    pub fn of(expires_at: Option<OffsetDateTime>, last: Option<OffsetDateTime>) -> Option<Self> {
        expires_at.map(|expires_at| Self { expires_at, last_used_at: last })
    }
}

/// An answer, and for a rotation without overlap which gateways have ended the one before.
#[derive(Serialize, ToSchema)]
pub struct Rotated<T> {
    #[serde(flatten)]
    pub made: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}

/// Commits and answers; where `awaited` is given, once the gateways have it in force.
pub async fn answer<T: Serialize>(
    state: &State,
    ticket: Ticket,
    mut tx: TenantTx,
    made: T,
    awaited: Option<Revision>,
) -> Result<HttpResponse, ApiError> {
    let mut rotated = Rotated { made, receipt: None };
    let answer = ticket.finish(state, &mut tx, StatusCode::CREATED, &rotated).await?;
    tx.commit().await?;
    let Some(revision) = awaited else { return Ok(answer) };
    rotated.receipt = Some(feed::receipt::wait(state, revision).await?);
    Ok(HttpResponse::Created().json(rotated))
}
