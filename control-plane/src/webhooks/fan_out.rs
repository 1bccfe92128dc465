//! From what has happened to what is to be delivered: one message, one delivery per endpoint that
//! wants it, in one transaction.

use super::{events::EventType, listen, model::Filter, runtime::Target};
use crate::db::ServiceTx;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap, HashSet};
use time::OffsetDateTime;
use uuid::Uuid;

/// Something that has happened, before it is stored.
pub struct News {
    pub id: Uuid,
    pub organisation: Uuid,
    pub app: Option<String>,
    pub event: EventType,
    pub channel: Option<String>,
    pub at: OffsetDateTime,
    pub data: Map<String, Value>,
    /// For what a gateway tells: where it stands in what that gateway tells.
    pub source: Option<Source>,
}

pub struct Source {
    pub gateway: String,
    pub boot: String,
    pub seq: i64,
}

/// What became of a batch.
pub struct Stored {
    /// Endpoints that have something to be told now.
    pub targets: HashSet<Target>,
    pub messages: usize,
    pub deliveries: usize,
}

/// Stores what somebody wants to hear, in the order given; what is stored already is passed over.
pub async fn store(tx: &mut ServiceTx, news: &[News]) -> Result<Stored, sqlx::Error> {
    let listeners = listeners(tx, news).await?;
    let wanted: Vec<(&News, Vec<Target>)> = news
        .iter()
        .map(|news| (news, listeners.of(news)))
        .filter(|(news, targets)| !targets.is_empty() || listeners.watch(news))
        .collect();
    if wanted.is_empty() {
        return Ok(Stored { targets: HashSet::new(), messages: 0, deliveries: 0 });
    }
    let stored = insert(tx, &wanted).await?;
    if wanted.iter().any(|(news, _)| listeners.watch(news)) {
        listen::announce(tx).await?;
    }
    Ok(stored)
}

/// Who listens, as far as a batch is concerned.
struct Listeners {
    of_apps: HashMap<String, Vec<(Filter, Target)>>,
    of_organisations: HashMap<Uuid, Vec<(Filter, Target)>>,
    watched: HashSet<String>,
}

impl Listeners {
    fn of(&self, news: &News) -> Vec<Target> {
        let of_app = news.app.as_ref().and_then(|app| self.of_apps.get(app));
        let of_organisation = self.of_organisations.get(&news.organisation);
        let all = [of_app, of_organisation].into_iter().flatten().flatten();
        all.filter(|(filter, target)| {
            target.organisation == news.organisation
                && filter.wants(news.event, news.channel.as_deref())
        })
        .map(|(_, target)| *target)
        .collect()
    }

    /// Whether somebody looks at the app in a terminal.
    fn watch(&self, news: &News) -> bool {
        news.app.as_ref().is_some_and(|app| self.watched.contains(app))
    }
}

/// Endpoints stay until the transaction ends: deliveries to them are about to be stored.
async fn listeners(tx: &mut ServiceTx, news: &[News]) -> Result<Listeners, sqlx::Error> {
    let apps: BTreeSet<&str> = news.iter().filter_map(|n| n.app.as_deref()).collect();
    let apps: Vec<String> = apps.into_iter().map(str::to_owned).collect();
    // Only what happens to an organisation is told to its own endpoints.
    let own = news.iter().filter(|n| matches!(n.event, EventType::Own(_)));
    let organisations: BTreeSet<Uuid> = own.map(|n| n.organisation).collect();
    let organisations: Vec<Uuid> = organisations.into_iter().collect();
    let rows = sqlx::query!(
        "SELECT id, organisation_id, app_id, form, events, channels FROM webhook_endpoints
         WHERE enabled AND deleted_at IS NULL
           AND (app_id = ANY($1) OR (app_id IS NULL AND organisation_id = ANY($2)))
         FOR KEY SHARE",
        &apps,
        &organisations,
    )
    .fetch_all(tx.db())
    .await?;
    let watched = sqlx::query_scalar!(
        "SELECT DISTINCT app_id FROM webhook_listeners
         WHERE app_id = ANY($1) AND expires_at > now()",
        &apps,
    )
    .fetch_all(tx.db())
    .await?;
    let mut found = Listeners {
        of_apps: HashMap::new(),
        of_organisations: HashMap::new(),
        watched: watched.into_iter().collect(),
    };
    for row in rows {
        let (id, organisation) = (row.id, row.organisation_id);
        let of_app = row.app_id.is_some();
        let filter = match Filter::decode(&row.form, of_app, &row.events, &row.channels) {
            Ok(filter) => filter,
            Err(error) => {
                tracing::error!(%error, endpoint.id = %id, "an endpoint is told nothing");
                continue;
            }
        };
        let entry = (filter, Target { organisation, endpoint: id });
        match row.app_id {
            Some(app) => found.of_apps.entry(app).or_default().push(entry),
            None => found.of_organisations.entry(organisation).or_default().push(entry),
        }
    }
    Ok(found)
}

/// Messages that were not there, and their deliveries, in one statement. In order: an endpoint is
/// told of a channel in the order of `place`.
async fn insert(
    tx: &mut ServiceTx,
    wanted: &[(&News, Vec<Target>)],
) -> Result<Stored, sqlx::Error> {
    let news: Vec<&News> = wanted.iter().map(|(news, _)| *news).collect();
    let ids: Vec<Uuid> = news.iter().map(|n| n.id).collect();
    let organisations: Vec<Uuid> = news.iter().map(|n| n.organisation).collect();
    let apps: Vec<Option<&str>> = news.iter().map(|n| n.app.as_deref()).collect();
    let types: Vec<&str> = news.iter().map(|n| n.event.as_str()).collect();
    let channels: Vec<Option<&str>> = news.iter().map(|n| n.channel.as_deref()).collect();
    let data: Result<Vec<String>, _> =
        news.iter().map(|n| serde_json::to_string(&n.data)).collect();
    let data = data.map_err(|e| sqlx::Error::Encode(e.into()))?;
    let times: Vec<OffsetDateTime> = news.iter().map(|n| n.at).collect();
    let source = |take: fn(&Source) -> &str| -> Vec<Option<&str>> {
        news.iter().map(|n| n.source.as_ref().map(take)).collect()
    };
    let seqs: Vec<Option<i64>> = news.iter().map(|n| n.source.as_ref().map(|s| s.seq)).collect();
    // Of each delivery: its endpoint, and which message it is of, counted from 1.
    let due = || {
        let each = wanted.iter().zip(1_i64..);
        each.flat_map(|((_, targets), nth)| targets.iter().map(move |target| (*target, nth)))
    };
    let deliveries: Vec<Uuid> = due().map(|_| Uuid::now_v7()).collect();
    let endpoints: Vec<Uuid> = due().map(|(target, _)| target.endpoint).collect();
    let nths: Vec<i64> = due().map(|(_, nth)| nth).collect();
    let stored = sqlx::query!(
        r#"WITH told AS (
               SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[],
                                    $6::text[], $7::timestamptz[], $8::text[], $9::text[],
                                    $10::bigint[]) WITH ORDINALITY
                   AS n (id, organisation_id, app_id, type, channel, data, at, gateway, boot, seq,
                         nth)
           ), messages AS (
               INSERT INTO webhook_messages
                   (id, organisation_id, app_id, type, channel, data, at, gateway, boot, seq)
               SELECT id, organisation_id, app_id, type, channel, data::json, least(at, now()),
                      gateway, boot, seq
               FROM told ORDER BY nth
               ON CONFLICT DO NOTHING RETURNING id
           ), deliveries AS (
               INSERT INTO webhook_deliveries
                   (id, organisation_id, endpoint_id, message_id, channel, type)
               SELECT d.id, told.organisation_id, d.endpoint_id, told.id,
                      coalesce(told.channel, ''), told.type
               FROM unnest($11::uuid[], $12::uuid[], $13::bigint[]) WITH ORDINALITY
                   AS d (id, endpoint_id, nth, place)
               JOIN told ON told.nth = d.nth
               JOIN messages ON messages.id = told.id
               ORDER BY d.place
               RETURNING endpoint_id
           )
           SELECT (SELECT count(*) FROM messages) AS "messages!",
                  (SELECT count(*) FROM deliveries) AS "deliveries!",
                  (SELECT array_agg(DISTINCT endpoint_id) FROM deliveries) AS endpoints"#,
        &ids,
        &organisations,
        &apps as &[Option<&str>],
        &types as &[&str],
        &channels as &[Option<&str>],
        &data,
        &times,
        &source(|s| s.gateway.as_str()) as &[Option<&str>],
        &source(|s| s.boot.as_str()) as &[Option<&str>],
        &seqs as &[Option<i64>],
        &deliveries,
        &endpoints,
        &nths,
    )
    .fetch_one(tx.db())
    .await?;
    let told: HashSet<Uuid> = stored.endpoints.unwrap_or_default().into_iter().collect();
    Ok(Stored {
        targets: due().map(|(t, _)| t).filter(|t| told.contains(&t.endpoint)).collect(),
        messages: usize::try_from(stored.messages).unwrap_or_default(),
        deliveries: usize::try_from(stored.deliveries).unwrap_or_default(),
    })
}
