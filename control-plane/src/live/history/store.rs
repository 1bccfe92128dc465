//! Kept events into Postgres.

use super::intake::{Batch, Told};
use crate::{
    db::{Db, ServiceTx},
    leases::model::Holder,
};
use contract::{AppSettings, LiveHistory, live::LiveKind};
use sqlx::types::Json;
use std::collections::{BTreeMap, BTreeSet};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Events of one app and hour that are kept; more are only counted.
pub const KEPT_PER_HOUR: i32 = 20_000;
/// So much the clock of a gateway may be ahead.
const AHEAD: Duration = Duration::minutes(1);

/// What is kept of an app's events, and what came of it in one batch.
struct Terms {
    organisation: Uuid,
    has_data: bool,
    hours: i64,
    /// Events that may still be kept this hour.
    room: i32,
    kept: i32,
    passed: i64,
    /// When the last of those was that there was no room for.
    passed_at: Option<OffsetDateTime>,
}

/// Writes down a batch. Passed over is what the same process has told already, what belongs to no
/// app, and what its owner or plan does not want kept.
pub async fn take(db: &Db, batch: Batch) -> Result<(), sqlx::Error> {
    let Some(newest) = batch.events.last().map(|told| told.seq) else { return Ok(()) };
    let mut tx = db.service().await?;
    let known = known_up_to(&mut tx, &batch.holder).await?;
    let news: Vec<Told> = batch.events.into_iter().filter(|told| told.seq > known).collect();
    let mut terms = terms(&mut tx, &news).await?;
    let mut rows = Rows::default();
    for told in news {
        let Some(terms) = terms.get_mut(told.app.as_str()) else { continue };
        terms.take(told, &mut rows);
    }
    for (app, terms) in &terms {
        if let Some(at) = terms.passed_at {
            let what = LiveKind::Dropped { count: terms.passed.unsigned_abs() };
            rows.push(app.clone(), terms, at, None, what);
        }
    }
    rows.insert(&mut tx).await?;
    count(&mut tx, &terms).await?;
    sqlx::query!(
        "UPDATE live_reporters SET seq = greatest(seq, $3) WHERE gateway = $1 AND boot = $2",
        batch.holder.gateway,
        batch.holder.boot,
        newest,
    )
    .execute(tx.db())
    .await?;
    tx.commit().await
}

/// How far the process has told, holding its row until commit.
async fn known_up_to(tx: &mut ServiceTx, holder: &Holder) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        "INSERT INTO live_reporters (gateway, boot) VALUES ($1, $2)
         ON CONFLICT (gateway, boot) DO UPDATE SET heard_at = now() RETURNING seq",
        holder.gateway,
        holder.boot,
    )
    .fetch_one(tx.db())
    .await
}

/// Of the apps that keep anything, holding the rows of their hour until commit.
async fn terms(tx: &mut ServiceTx, news: &[Told]) -> Result<BTreeMap<String, Terms>, sqlx::Error> {
    let apps: BTreeSet<&str> = news.iter().map(|told| told.app.as_str()).collect();
    let apps: Vec<String> = apps.into_iter().map(str::to_owned).collect();
    let found = sqlx::query!(
        r#"SELECT a.id, a.organisation_id, a.settings AS "settings: Json<AppSettings>",
                  p.live_hours AS "live_hours!"
           FROM apps a JOIN effective_plans p ON p.organisation_id = a.organisation_id
           WHERE a.id = ANY($1) AND a.deleted_at IS NULL AND p.live_hours > 0"#,
        &apps,
    )
    .fetch_all(tx.db())
    .await?;
    let mut terms = BTreeMap::new();
    for app in found {
        let kept = app.settings.live_history;
        if kept == LiveHistory::Off {
            continue;
        }
        let of_app = Terms {
            organisation: app.organisation_id,
            has_data: kept == LiveHistory::WithData,
            hours: i64::from(app.live_hours),
            room: 0,
            kept: 0,
            passed: 0,
            passed_at: None,
        };
        terms.insert(app.id, of_app);
    }
    let keeping: Vec<String> = terms.keys().cloned().collect();
    // In one order everywhere, so that two gateways' batches never wait for each other in a ring.
    let hours = sqlx::query!(
        "INSERT INTO live_event_hours AS h (app_id, hour)
         SELECT app_id, date_trunc('hour', now()) FROM unnest($1::text[]) AS apps (app_id)
         ORDER BY app_id
         ON CONFLICT (app_id, hour) DO UPDATE SET kept = h.kept
         RETURNING app_id, kept",
        &keeping,
    )
    .fetch_all(tx.db())
    .await?;
    for hour in hours {
        if let Some(terms) = terms.get_mut(&hour.app_id) {
            terms.room = (KEPT_PER_HOUR - hour.kept).max(0);
        }
    }
    Ok(terms)
}

async fn count(tx: &mut ServiceTx, terms: &BTreeMap<String, Terms>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE live_event_hours h SET kept = h.kept + n.kept, passed = h.passed + n.passed
         FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS n (app_id, kept, passed)
         WHERE h.app_id = n.app_id AND h.hour = date_trunc('hour', now())",
        &terms.keys().cloned().collect::<Vec<_>>(),
        &terms.values().map(|terms| terms.kept).collect::<Vec<_>>(),
        &terms.values().map(|terms| terms.passed).collect::<Vec<_>>(),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

impl Terms {
    /// How many more there were is told whatever the hour has seen.
    fn take(&mut self, told: Told, rows: &mut Rows) {
        let is_count = matches!(told.what, LiveKind::Dropped { .. });
        if !is_count && self.kept >= self.room {
            self.passed += 1;
            self.passed_at = self.passed_at.max(Some(told.at));
            return;
        }
        self.kept += i32::from(!is_count);
        rows.push(told.app.as_str().to_owned(), self, told.at, told.dialect, told.what);
    }
}

macro_rules! rows {
    ($($column:ident: $kind:ty,)*) => {
        /// What is to be inserted, by columns.
        #[derive(Default)]
        struct Rows {
            $($column: Vec<$kind>,)*
        }

        /// One row.
        struct Row {
            $($column: $kind,)*
        }

        impl Rows {
            fn add(&mut self, row: Row) {
                $(self.$column.push(row.$column);)*
            }
        }
    };
}

rows! {
    app_id: String,
    at: OffsetDateTime,
    id: Uuid,
    organisation_id: Uuid,
    kind: String,
    dialect: Option<String>,
    channel: Option<String>,
    event: Option<String>,
    socket_id: Option<String>,
    user_id: Option<String>,
    data: Option<String>,
    data_bytes: Option<i64>,
    source: Option<String>,
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    count: Option<i64>,
    ends_at: OffsetDateTime,
}

impl Rows {
    fn push(
        &mut self,
        app_id: String,
        terms: &Terms,
        at: OffsetDateTime,
        dialect: Option<String>,
        what: LiveKind,
    ) {
        let at = at.min(OffsetDateTime::now_utc() + AHEAD);
        let mut row = Row {
            app_id,
            at,
            id: Uuid::now_v7(),
            organisation_id: terms.organisation,
            kind: what.name().into(),
            dialect,
            channel: None,
            event: None,
            socket_id: None,
            user_id: None,
            data: None,
            data_bytes: None,
            source: None,
            code: None,
            message: None,
            request_id: None,
            count: None,
            ends_at: at + Duration::hours(terms.hours),
        };
        row.say(what);
        row.data = row.data.filter(|_| terms.has_data);
        self.add(row);
    }

    async fn insert(&self, tx: &mut ServiceTx) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "INSERT INTO live_events (
                 app_id, at, id, organisation_id, kind, dialect, channel, event, socket_id, user_id,
                 data, data_bytes, source, code, message, request_id, count, ends_at)
             SELECT * FROM unnest(
                 $1::text[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::text[], $6::text[],
                 $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint[],
                 $13::text[], $14::text[], $15::text[], $16::text[], $17::bigint[],
                 $18::timestamptz[])",
            &self.app_id,
            &self.at,
            &self.id,
            &self.organisation_id,
            &self.kind,
            &self.dialect as &[Option<String>],
            &self.channel as &[Option<String>],
            &self.event as &[Option<String>],
            &self.socket_id as &[Option<String>],
            &self.user_id as &[Option<String>],
            &self.data as &[Option<String>],
            &self.data_bytes as &[Option<i64>],
            &self.source as &[Option<String>],
            &self.code as &[Option<String>],
            &self.message as &[Option<String>],
            &self.request_id as &[Option<String>],
            &self.count as &[Option<i64>],
            &self.ends_at,
        )
        .execute(tx.db())
        .await?;
        Ok(())
    }
}

impl Row {
    fn say(&mut self, what: LiveKind) {
        let text = |text: &str| Some(text.to_owned());
        let number = |n: u64| Some(i64::try_from(n).unwrap_or(i64::MAX));
        match what {
            LiveKind::ConnectionOpened { socket_id } | LiveKind::ConnectionClosed { socket_id } => {
                self.socket_id = Some(socket_id.to_string());
            }
            LiveKind::Subscribed { channel, socket_id, user_id } => {
                self.channel = text(channel.as_str());
                self.socket_id = Some(socket_id.to_string());
                self.user_id = user_id.map(String::from);
            }
            LiveKind::Unsubscribed { channel, socket_id } => {
                self.channel = text(channel.as_str());
                self.socket_id = Some(socket_id.to_string());
            }
            LiveKind::Published { channel, event, data, data_bytes } => {
                self.channel = text(channel.as_str());
                self.event = text(event.as_str());
                (self.data, self.data_bytes) = (data, number(data_bytes));
            }
            LiveKind::ClientEvent { channel, event, data, data_bytes, socket_id, user_id } => {
                self.channel = text(channel.as_str());
                self.event = text(event.as_str());
                (self.data, self.data_bytes) = (data, number(data_bytes));
                self.socket_id = Some(socket_id.to_string());
                self.user_id = user_id.map(String::from);
            }
            LiveKind::Refused { source, code, message, request_id } => {
                (self.source, self.code) = (Some(source), Some(code));
                (self.message, self.request_id) = (Some(message), request_id);
            }
            LiveKind::Dropped { count } => self.count = number(count),
        }
    }
}
