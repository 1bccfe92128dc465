//! What happened to an account, kept for its owner to read.

use super::device::Device;
use crate::{
    api::{PageRequest, Position},
    db::{PersonId, PersonTx},
};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! event_kinds {
    ($($variant:ident = $text:tt),+ $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
        pub enum EventKind {
            $(#[serde(rename = $text)] $variant),+
        }

        impl EventKind {
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
            const ALL: [&'static str; [$($text),+].len()] = [$($text),+];
            fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

event_kinds! {
    SignedUp = "signed_up",
    SignedIn = "signed_in",
    SecondFactorFailed = "second_factor.failed",
    SessionEnded = "session.ended",
    OtherSessionsEnded = "session.others_ended",
    EmailVerified = "email.verified",
    EmailChanged = "email.changed",
    PasswordChanged = "password.changed",
    PasswordReset = "password.reset",
    SecondFactorOn = "second_factor.on",
    SecondFactorOff = "second_factor.off",
    RecoveryCodeUsed = "recovery_code.used",
    RecoveryCodesMade = "recovery_codes.made",
    ByOperator = "operator",
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AccountEvent {
    pub id: Uuid,
    pub kind: EventKind,
    #[schema(required)]
    pub detail: Option<String>,
    #[schema(required)]
    pub address: Option<String>,
    #[schema(required)]
    pub user_agent: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// Part of the transaction, so it stands or falls with the deed.
pub async fn record(
    tx: &mut PersonTx,
    person: PersonId,
    kind: EventKind,
    detail: Option<&str>,
    device: Option<&Device>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO account_events (id, user_id, kind, detail, address, user_agent)
         VALUES ($1, $2, $3, $4, $5, $6)",
        Uuid::now_v7(),
        person.0,
        kind.as_str(),
        detail,
        device.map(|d| d.address.to_string()),
        device.and_then(|d| d.user_agent.as_deref()),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

pub async fn page_of(
    tx: &mut PersonTx,
    person: PersonId,
    page: &PageRequest,
) -> Result<Vec<AccountEvent>, sqlx::Error> {
    let (before, before_id) = page.after();
    let before_id = before_id.and_then(|id| id.parse::<Uuid>().ok());
    // A later version may have written kinds that this one has no word for.
    let known = EventKind::ALL.map(str::to_owned);
    let rows = sqlx::query!(
        "SELECT id, kind, detail, address, user_agent, created_at FROM account_events
         WHERE user_id = $1 AND kind = ANY($5)
           AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
         ORDER BY created_at DESC, id DESC LIMIT $4",
        person.0,
        before,
        before_id,
        page.fetch(),
        &known[..],
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter()
        .map(|r| {
            let kind = EventKind::from_text(&r.kind)
                .ok_or_else(|| sqlx::Error::Decode(format!("event kind {}", r.kind).into()))?;
            Ok(AccountEvent {
                id: r.id,
                kind,
                detail: r.detail,
                address: r.address,
                user_agent: r.user_agent,
                created_at: r.created_at,
            })
        })
        .collect()
}

pub fn position(event: &AccountEvent) -> Position {
    Position { created_at: event.created_at, id: event.id.to_string() }
}
