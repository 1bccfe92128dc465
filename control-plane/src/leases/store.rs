//! Leases in Postgres.
//!
//! The rows of the pools are the locks, taken in one order for a whole request; whoever holds an
//! organisation's pool is the only one who grants anything of it. So it is right with any number
//! of control planes.

use super::{
    model::{Ask, Holder, Request},
    pool::day_of,
    pools::{add_missing_pools, lock_pools, save_pools},
    table::{AppShare, Lease, OrganisationShare, Table, Taken},
};
use crate::db::{Db, ServiceTx, TenantTx};
use contract::{AppId, lease::LeaseAnswer};
use std::collections::{BTreeSet, HashMap};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// A process that was not heard of for this long holds nothing of an app.
pub const SILENCE: Duration = Duration::seconds(10);
/// A lease in which nothing changes is written this often, well within the silence.
const HEARD_EVERY: Duration = Duration::seconds(3);
/// Leases of processes that ended are kept until their ledger cannot come any more.
const KEPT_DAYS: i32 = 60;

/// Answers a gateway's request.
pub async fn answer(db: &Db, request: &Request) -> Result<LeaseAnswer, sqlx::Error> {
    let now = ensure_pools(db, &apps_of(&request.asks)).await?;
    answer_at(db, request, now).await
}

/// The same at a moment of the caller's choice; the pools exist.
pub async fn answer_at(
    db: &Db,
    request: &Request,
    now: OffsetDateTime,
) -> Result<LeaseAnswer, sqlx::Error> {
    let mut tx = db.service().await?;
    let before = load(&mut tx, &request.holder, &apps_of(&request.asks), now).await?;
    let mut table = before.table.clone();
    let grants = table.answer(&request.asks, now);
    save_pools(&mut tx, &table, &before.periods).await?;
    save_leases(&mut tx, &request.holder, &before, &table, &request.asks, now).await?;
    tx.commit().await?;
    Ok(LeaseAnswer { grants })
}

/// Charges what the ledger shows of a process and its leases have not reported: its last moments,
/// when it ended without a last word.
pub async fn settle_ledger(
    tx: &mut ServiceTx,
    holder: &Holder,
    apps: &[String],
) -> Result<(), sqlx::Error> {
    let more = sqlx::query!(
        r#"SELECT b.app_id, b.units, now() AS "now!"
           FROM usage_boots b
           LEFT JOIN quota_leases l USING (app_id, gateway, boot)
           WHERE b.gateway = $1 AND b.boot = $2 AND b.app_id = ANY($3)
             AND b.units > coalesce(l.used, 0)"#,
        holder.gateway,
        holder.boot,
        apps,
    )
    .fetch_all(tx.db())
    .await?;
    let Some(now) = more.first().map(|row| row.now) else { return Ok(()) };
    let names: Vec<String> = more.iter().map(|row| row.app_id.clone()).collect();
    add_missing_pools(tx, &names).await?;
    let before = load(tx, holder, &names, now).await?;
    let mut table = before.table.clone();
    for row in &more {
        let Ok(app) = row.app_id.parse::<AppId>() else { continue };
        let Some(lease) = table.charge_ledger(&app, row.units) else { continue };
        let organisation = before.table.apps[&app].organisation;
        // Not heard of: a ledger is no sign of life.
        sqlx::query!(
            "INSERT INTO quota_leases (app_id, gateway, boot, organisation_id, used, granted, held,
                 wanted, open, connections, held_connections, wanted_connections, heard_at)
             VALUES ($1, $2, $3, $4, $5, 0, 0, 0, 0, 0, 0, 0, 'epoch')
             ON CONFLICT (app_id, gateway, boot) DO UPDATE SET used = excluded.used",
            row.app_id,
            holder.gateway,
            holder.boot,
            organisation,
            lease.used,
        )
        .execute(tx.db())
        .await?;
    }
    save_pools(tx, &table, &before.periods).await
}

/// Connections open now, of one app or of all.
pub async fn open_connections(tx: &mut TenantTx, app: Option<&AppId>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT coalesce(sum(open), 0)::bigint AS "open!" FROM quota_leases
           WHERE organisation_id = $1 AND ($2::text IS NULL OR app_id = $2)
             AND heard_at > now() - make_interval(secs => $3)"#,
        tx.organisation().uuid(),
        app.map(AppId::as_str),
        SILENCE.as_seconds_f64(),
    )
    .fetch_one(tx.db())
    .await
}

/// Forgets processes that ended so long ago that nothing more can come from them.
pub async fn prune(tx: &mut ServiceTx, rows: i64) -> Result<u64, sqlx::Error> {
    let leases = sqlx::query!(
        "DELETE FROM quota_leases WHERE (app_id, gateway, boot) IN (
             SELECT l.app_id, l.gateway, l.boot FROM quota_leases l
             LEFT JOIN usage_boots b USING (app_id, gateway, boot)
             WHERE l.heard_at < now() - make_interval(days => $1)
               AND (b.changed_at IS NULL OR b.changed_at < now() - make_interval(days => $1))
             LIMIT $2)",
        KEPT_DAYS,
        rows,
    )
    .execute(tx.db())
    .await?;
    let boots = sqlx::query!(
        "DELETE FROM usage_boots WHERE (gateway, boot, app_id) IN (
             SELECT gateway, boot, app_id FROM usage_boots
             WHERE changed_at < now() - make_interval(days => $1) LIMIT $2)",
        KEPT_DAYS,
        rows,
    )
    .execute(tx.db())
    .await?;
    Ok(leases.rows_affected() + boots.rows_affected())
}

fn apps_of(asks: &[Ask]) -> Vec<String> {
    asks.iter().map(|ask| ask.app.as_str().to_owned()).collect()
}

/// Makes the pools that these apps need and that do not exist. A transaction of its own, because
/// a new row is a lock too, and would be out of order beside the others.
async fn ensure_pools(db: &Db, apps: &[String]) -> Result<OffsetDateTime, sqlx::Error> {
    let mut tx = db.service().await?;
    add_missing_pools(&mut tx, apps).await?;
    let now = sqlx::query_scalar!(r#"SELECT now() AS "now!""#).fetch_one(tx.db()).await?;
    tx.commit().await?;
    Ok(now)
}

/// What a request concerns, locked.
struct Loaded {
    table: Table,
    /// When each organisation's billing period began.
    periods: HashMap<Uuid, OffsetDateTime>,
    heard_at: HashMap<AppId, OffsetDateTime>,
}

async fn load(
    tx: &mut ServiceTx,
    holder: &Holder,
    apps: &[String],
    now: OffsetDateTime,
) -> Result<Loaded, sqlx::Error> {
    let terms = sqlx::query!(
        r#"SELECT a.id, a.organisation_id, a.at_quota = 'overage' AS "wants_overage!",
                  a.messages_per_day,
                  (a.limits ->> 'max_connections')::integer AS own_connections,
                  p.max_connections AS "max_connections!", p.messages_per_day AS "per_day!",
                  p.overage_micros_per_million, p.period_start AS "period_start!",
                  s.spend_limit_micros
           FROM apps a
           JOIN effective_plans p ON p.organisation_id = a.organisation_id
           JOIN subscriptions s ON s.organisation_id = a.organisation_id
           WHERE a.id = ANY($1) AND a.deleted_at IS NULL"#,
        apps,
    )
    .fetch_all(tx.db())
    .await?;
    let mut keys: BTreeSet<(Uuid, &str)> = BTreeSet::new();
    for row in &terms {
        keys.insert((row.organisation_id, ""));
        if row.messages_per_day.is_some() {
            keys.insert((row.organisation_id, &row.id));
        }
    }
    let (organisations, names): (Vec<Uuid>, Vec<String>) =
        keys.iter().map(|(organisation, app)| (*organisation, (*app).to_owned())).unzip();
    let mut pools = lock_pools(tx, &organisations, &names).await?;
    let taken = taken(tx, holder, &organisations, now).await?;
    let mut of_all: HashMap<Uuid, Taken> = HashMap::new();
    for ((organisation, _), taken) in &taken {
        of_all.entry(*organisation).or_default().join(taken);
    }
    let (leases, heard_at) = own_leases(tx, holder, apps, now).await?;
    let today = day_of(now);
    let mut loaded = Loaded { table: Table::default(), periods: HashMap::new(), heard_at };
    for row in terms {
        let id: AppId = crate::keys::store::decode(&row.id)?;
        let organisation = row.organisation_id;
        if !loaded.table.organisations.contains_key(&organisation) {
            let Some(stored) = pools.remove(&(organisation, String::new())) else { continue };
            let mut pool = stored.pool();
            pool.advance(today, row.per_day);
            if stored.overage_period != Some(row.period_start) {
                pool.overage = 0;
            }
            loaded.periods.insert(organisation, row.period_start);
            let share = OrganisationShare {
                pool,
                max_connections: row.max_connections,
                overage_price: row.overage_micros_per_million,
                spend_limit_micros: row.spend_limit_micros,
                taken: of_all.remove(&organisation).unwrap_or_default(),
            };
            loaded.table.organisations.insert(organisation, share);
        }
        let own = row.messages_per_day.zip(pools.remove(&(organisation, row.id.clone())));
        let share = AppShare {
            organisation,
            pool: own.map(|(per_day, stored)| {
                let mut pool = stored.pool();
                pool.advance(today, per_day);
                pool
            }),
            max_connections: row
                .own_connections
                .map_or(row.max_connections, |own| own.min(row.max_connections)),
            wants_overage: row.wants_overage,
            taken: taken.get(&(organisation, row.id.clone())).copied().unwrap_or_default(),
            lease: leases.get(&id).copied().unwrap_or_default(),
        };
        loaded.table.apps.insert(id, share);
    }
    Ok(loaded)
}

/// What live processes hold, by organisation and app. A gateway that asks has but one process:
/// what its last one held is free.
async fn taken(
    tx: &mut ServiceTx,
    holder: &Holder,
    organisations: &[Uuid],
    now: OffsetDateTime,
) -> Result<HashMap<(Uuid, String), Taken>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT organisation_id, app_id,
                  sum(greatest(held - used, 0))::bigint AS "units!",
                  sum(wanted)::bigint AS "units_wanted!",
                  sum(greatest(held_connections, open))::bigint AS "connections!",
                  sum(wanted_connections)::bigint AS "connections_wanted!",
                  sum(open)::bigint AS "connections_open!"
           FROM quota_leases
           WHERE organisation_id = ANY($1) AND heard_at > $2
             AND (gateway <> $3 OR boot = $4)
           GROUP BY organisation_id, app_id"#,
        organisations,
        now - SILENCE,
        holder.gateway,
        holder.boot,
    )
    .fetch_all(tx.db())
    .await?;
    let taken = rows.into_iter().map(|row| {
        let taken = Taken {
            units: row.units,
            units_wanted: row.units_wanted,
            connections: row.connections,
            connections_wanted: row.connections_wanted,
            connections_open: row.connections_open,
        };
        ((row.organisation_id, row.app_id), taken)
    });
    Ok(taken.collect())
}

type OwnLeases = (HashMap<AppId, Lease>, HashMap<AppId, OffsetDateTime>);

async fn own_leases(
    tx: &mut ServiceTx,
    holder: &Holder,
    apps: &[String],
    now: OffsetDateTime,
) -> Result<OwnLeases, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT app_id, used, granted, held, wanted, open, connections, held_connections,
                wanted_connections, heard_at
         FROM quota_leases WHERE app_id = ANY($1) AND gateway = $2 AND boot = $3",
        apps,
        holder.gateway,
        holder.boot,
    )
    .fetch_all(tx.db())
    .await?;
    let (mut leases, mut heard_at) = (HashMap::new(), HashMap::new());
    for row in rows {
        let app: AppId = crate::keys::store::decode(&row.app_id)?;
        heard_at.insert(app.clone(), row.heard_at);
        let lease = Lease {
            used: row.used,
            granted: row.granted,
            held: row.held,
            wanted: row.wanted,
            open: row.open,
            connections: row.connections,
            held_connections: row.held_connections,
            wanted_connections: row.wanted_connections,
            is_live: row.heard_at > now - SILENCE,
            ..Lease::default()
        };
        leases.insert(app, lease);
    }
    Ok((leases, heard_at))
}

async fn save_leases(
    tx: &mut ServiceTx,
    holder: &Holder,
    before: &Loaded,
    after: &Table,
    asks: &[Ask],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let is_stale = |app: &AppId| before.heard_at.get(app).is_none_or(|at| *at < now - HEARD_EVERY);
    let changed: Vec<(&AppId, &AppShare)> = asks
        .iter()
        .filter_map(|ask| after.apps.get_key_value(&ask.app))
        .filter(|(app, share)| {
            is_stale(app) || !before.table.apps[*app].lease.is_like(&share.lease)
        })
        .collect();
    let large = |f: fn(&Lease) -> i64| changed.iter().map(|(_, s)| f(&s.lease)).collect::<Vec<_>>();
    let small = |f: fn(&Lease) -> i32| changed.iter().map(|(_, s)| f(&s.lease)).collect::<Vec<_>>();
    sqlx::query!(
        "INSERT INTO quota_leases (app_id, gateway, boot, organisation_id, used, granted, held,
             wanted, open, connections, held_connections, wanted_connections, heard_at)
         SELECT n.app_id, $1, $2, n.organisation_id, n.used, n.granted, n.held, n.wanted, n.open,
                n.connections, n.held_connections, n.wanted_connections, $3
         FROM unnest($4::text[], $5::uuid[], $6::bigint[], $7::bigint[], $8::bigint[],
                     $9::bigint[], $10::integer[], $11::integer[], $12::integer[], $13::integer[])
             AS n (app_id, organisation_id, used, granted, held, wanted, open, connections,
                   held_connections, wanted_connections)
         ON CONFLICT (app_id, gateway, boot) DO UPDATE SET
             used = excluded.used, granted = excluded.granted, held = excluded.held,
             wanted = excluded.wanted, open = excluded.open, connections = excluded.connections,
             held_connections = excluded.held_connections,
             wanted_connections = excluded.wanted_connections,
             heard_at = greatest(quota_leases.heard_at, excluded.heard_at)",
        holder.gateway,
        holder.boot,
        now,
        &changed.iter().map(|(app, _)| app.as_str().to_owned()).collect::<Vec<_>>(),
        &changed.iter().map(|(_, share)| share.organisation).collect::<Vec<_>>(),
        &large(|lease| lease.used),
        &large(|lease| lease.granted),
        &large(|lease| lease.held),
        &large(|lease| lease.wanted),
        &small(|lease| lease.open),
        &small(|lease| lease.connections),
        &small(|lease| lease.held_connections),
        &small(|lease| lease.wanted_connections),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}
