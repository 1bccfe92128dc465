//! `Idempotency-Key`: a retried POST answers what the first one answered, and changes nothing.
//!
//! The key's row is written in the transaction of the change itself. A concurrent retry waits on
//! that row's lock until the first request is decided, so there is no state "in flight".

use super::{ApiError, StrictJson};
use crate::{audit::Actor, db::TenantTx, state::State};
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, http::StatusCode};
use sha2::{Digest, Sha256};
use std::future::{Ready, ready};
use uuid::Uuid;

const MAX_KEY_BYTES: usize = 255;

/// The header, if it was sent, and where it was sent to.
pub struct IdempotencyKey(Option<Sent>);

struct Sent {
    key: String,
    target: String,
}

/// What `begin` found.
pub enum Attempt {
    /// Do the work, then give the answer to [`Ticket::finish`].
    First(Ticket),
    /// The answer of the first attempt.
    Replay(HttpResponse),
}

/// A place kept for the answer. Without a key it keeps nothing.
#[must_use]
pub struct Ticket(Option<(Uuid, String)>);

impl FromRequest for IdempotencyKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(header) = request.headers().get("idempotency-key") else {
            return ready(Ok(Self(None)));
        };
        let key = header.to_str().unwrap_or_default();
        let printable = key.bytes().all(|b| b.is_ascii_graphic());
        if key.is_empty() || key.len() > MAX_KEY_BYTES || !printable {
            let message = format!("must be 1 to {MAX_KEY_BYTES} printable ASCII characters");
            return ready(Err(ApiError::field("Idempotency-Key", message)));
        }
        let target = format!("{} {}", request.method(), request.path());
        ready(Ok(Self(Some(Sent { key: key.to_owned(), target }))))
    }
}

impl IdempotencyKey {
    /// The key as another service may hold it: one caller's keys are not another's there either.
    pub fn handed_on(&self, actor: &Actor) -> Option<String> {
        let key = actor.own(&self.0.as_ref()?.key);
        Some(hex::encode(Sha256::digest(format!("{} {key}", actor.person_id().0))))
    }

    pub async fn begin<T>(
        &self,
        state: &State,
        tx: &mut TenantTx,
        body: &StrictJson<T>,
    ) -> Result<Attempt, ApiError> {
        let Some(Sent { key, target }) = &self.0 else {
            return Ok(Attempt::First(Ticket(None)));
        };
        let mut fingerprint = Sha256::new();
        fingerprint.update(target.as_bytes());
        fingerprint.update(body.digest);
        let fingerprint = fingerprint.finalize();
        let (organisation, person) = (tx.organisation().uuid(), tx.person().0);
        // A blank parts the two: what callers send has none.
        let key = tx.actor().own(key);
        let inserted = sqlx::query!(
            "INSERT INTO idempotency_keys (organisation_id, user_id, key, fingerprint)
             VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            organisation,
            person,
            &key,
            &fingerprint[..],
        )
        .execute(tx.db())
        .await?
        .rows_affected();
        if inserted == 1 {
            return Ok(Attempt::First(Ticket(Some((person, key)))));
        }
        let earlier = sqlx::query!(
            "SELECT fingerprint, status, sealed_body FROM idempotency_keys
             WHERE organisation_id = $1 AND user_id = $2 AND key = $3",
            organisation,
            person,
            &key,
        )
        .fetch_one(tx.db())
        .await?;
        if earlier.fingerprint != fingerprint[..] {
            return Err(ApiError::IdempotencyKeyReused);
        }
        let (Some(status), Some(sealed)) = (earlier.status, earlier.sealed_body) else {
            return Err(ApiError::internal("an idempotency key without an answer was committed"));
        };
        let body = state.master_key.open(&sealed, &place(person, &key))?;
        let status = u16::try_from(status).ok().and_then(|s| StatusCode::from_u16(s).ok());
        Ok(Attempt::Replay(
            HttpResponse::build(status.unwrap_or(StatusCode::OK))
                .content_type("application/json")
                .insert_header(("Idempotency-Replayed", "true"))
                .body(body.as_str().to_owned()),
        ))
    }
}

impl Ticket {
    /// Keeps the answer beside the change and renders it. Commit afterwards.
    pub async fn finish<T: serde::Serialize>(
        self,
        state: &State,
        tx: &mut TenantTx,
        status: StatusCode,
        answer: &T,
    ) -> Result<HttpResponse, ApiError> {
        let body = serde_json::to_string(answer).map_err(ApiError::internal)?;
        if let Some((person, key)) = self.0 {
            let sealed = state.master_key.seal(&body, &place(person, &key))?;
            sqlx::query!(
                "UPDATE idempotency_keys SET status = $4, sealed_body = $5
                 WHERE organisation_id = $1 AND user_id = $2 AND key = $3",
                tx.organisation().uuid(),
                person,
                key,
                status.as_u16() as i16,
                sealed,
            )
            .execute(tx.db())
            .await?;
        }
        Ok(HttpResponse::build(status).content_type("application/json").body(body))
    }
}

fn place(person: Uuid, key: &str) -> String {
    format!("idempotency:{person}:{key}")
}
