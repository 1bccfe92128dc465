//! Read usage: of an app, of an organisation, and the ledger itself.

use super::{
    ledger::{LedgerLine, LedgerStart, Writer},
    query::{Range, UsageParams},
    reading::{self, Of},
    report::{self, AppUsage, OrganisationUsage, Quota},
    table,
};
use crate::{
    api::{ApiError, Problem},
    apps::AppAccess,
    db::TenantTx,
    leases,
    organisations::{OrganisationAccess, Permission},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, get, http::header, web::Bytes, web::Data, web::Query};
use contract::AppId;
use futures_util::stream;
use serde::Deserialize;
use time::{Duration, OffsetDateTime};
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

/// Days of the ledger in one export at most.
const LEDGER_DAYS: i64 = 400;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get_app_usage).service(get_organisation_usage).service(get_ledger);
}

/// What an app used, by minute, hour, day or month, no more than a minute behind the traffic.
#[utoipa::path(
    tag = "usage",
    params(("app" = String, Path, description = "App id"), UsageParams),
    responses(
        (status = 200, content((AppUsage = "application/json"), (String = "text/csv"))),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[get("/v1/apps/{app}/usage")]
pub async fn get_app_usage(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::UsageRead)?;
    let now = OffsetDateTime::now_utc();
    let asked = Asked::parse(&request, now)?;
    let (app, range) = (&access.app, asked.range);
    let mut tx = access.begin(&state).await?;
    reading::take_time(&mut tx).await?;
    let of = Of { app: Some(app), key: asked.key.as_deref() };
    let parts = reading::parts(&mut tx, of, range).await?;
    let peaks = reading::peaks(&mut tx, Some(app), range).await?;
    if asked.is_csv {
        tx.commit().await?;
        return csv(&parts, &peaks);
    }
    let connections = reading::connections(&mut tx, Some(app), range, now).await?;
    let open = leases::store::open_connections(&mut tx, Some(app)).await?;
    let quotas = quotas(&mut tx, Some(app)).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(AppUsage {
        app: app.clone(),
        from: range.from,
        to: range.to,
        granularity: range.granularity,
        total: report::total(parts.iter()),
        connections: report::connections_of(None, &connections),
        connections_open: open.max(0).unsigned_abs(),
        buckets: report::buckets(range, &parts, &peaks),
        keys: report::by_key(&parts),
        quotas,
        key: asked.key,
    }))
}

/// What all apps of an organisation used, together and each.
#[utoipa::path(
    tag = "usage",
    params(("org" = String, Path, description = "Organisation id"), UsageParams),
    responses(
        (status = 200, content((OrganisationUsage = "application/json"), (String = "text/csv"))),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/usage")]
pub async fn get_organisation_usage(
    request: HttpRequest,
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::UsageRead)?;
    let now = OffsetDateTime::now_utc();
    let asked = Asked::parse(&request, now)?;
    let range = asked.range;
    let mut tx = access.begin(&state).await?;
    reading::take_time(&mut tx).await?;
    let of = Of { app: None, key: asked.key.as_deref() };
    let parts = reading::parts(&mut tx, of, range).await?;
    let peaks = reading::peaks(&mut tx, None, range).await?;
    if asked.is_csv {
        tx.commit().await?;
        return csv(&parts, &peaks);
    }
    let connections = reading::connections(&mut tx, None, range, now).await?;
    let open = leases::store::open_connections(&mut tx, None).await?;
    let names = reading::app_names(&mut tx).await?;
    let quotas = quotas(&mut tx, None).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(OrganisationUsage {
        organisation_id: access.organisation.id,
        from: range.from,
        to: range.to,
        granularity: range.granularity,
        total: report::total(parts.iter()),
        connections: report::connections_of(None, &connections),
        connections_open: open.max(0).unsigned_abs(),
        buckets: report::buckets(range, &parts, &peaks),
        apps: report::by_app(names, &parts, &connections),
        quotas,
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LedgerParams {
    /// The first hour (RFC 3339), rounded down.
    #[serde(with = "time::serde::rfc3339")]
    #[param(value_type = String, format = DateTime)]
    from: OffsetDateTime,
    /// Up to this hour (RFC 3339), rounded down and not included.
    #[serde(with = "time::serde::rfc3339")]
    #[param(value_type = String, format = DateTime)]
    to: OffsetDateTime,
}

/// The ledger that invoices are computed from: one JSON line per app, hour and key.
///
/// The first line says what is covered; the last has the number of rows and the SHA-256 of all
/// lines before it.
#[utoipa::path(
    tag = "usage",
    params(("org" = String, Path, description = "Organisation id"), LedgerParams),
    responses(
        (status = 200, content_type = "application/x-ndjson", body = String),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/usage/ledger")]
pub async fn get_ledger(
    request: HttpRequest,
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::UsageRead)?;
    let params = Query::<LedgerParams>::from_query(request.query_string())
        .map_err(|e| ApiError::field("query", e))?
        .into_inner();
    let (from, to) = (whole_hour(params.from), whole_hour(params.to));
    if from >= to || to - from > Duration::days(LEDGER_DAYS) {
        let message = format!("must be after `from`, by {LEDGER_DAYS} days at most");
        return Err(ApiError::field("to", message));
    }
    let export = Export {
        days: reading::days(from, to).collect::<Vec<_>>().into_iter(),
        writer: Some(Writer::default()),
        start: Some(LedgerStart { organisation_id: access.organisation.id, from, to }),
        access,
        state,
    };
    // A day at a time, so that no answer is held in memory and no transaction waits for a reader.
    let body = stream::try_unfold(export, |mut export| async move {
        match export.next().await {
            Ok(Some(chunk)) => Ok(Some((Bytes::from(chunk), export))),
            Ok(None) => Ok(None),
            Err(error) => {
                tracing::error!(%error, "a ledger was cut off");
                Err(error)
            }
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/x-ndjson"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(body))
}

struct Export {
    access: OrganisationAccess,
    state: Data<State>,
    start: Option<LedgerStart>,
    days: std::vec::IntoIter<(OffsetDateTime, OffsetDateTime)>,
    writer: Option<Writer>,
}

impl Export {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, ApiError> {
        let Some(writer) = &mut self.writer else { return Ok(None) };
        let mut chunk = Vec::new();
        if let Some(ledger) = self.start.take() {
            let line = writer.line(&LedgerLine::Start { ledger }).map_err(ApiError::internal)?;
            chunk.extend(line);
        }
        while chunk.is_empty() {
            let Some((from, to)) = self.days.next() else {
                let end = self.writer.take().map(Writer::end).transpose();
                return end.map_err(ApiError::internal);
            };
            let mut tx = self.access.begin(&self.state).await?;
            reading::take_time(&mut tx).await?;
            let rows = reading::ledger(&mut tx, from, to).await?;
            tx.commit().await?;
            for row in rows {
                let line = LedgerLine::Hour(row.into());
                chunk.extend(writer.line(&line).map_err(ApiError::internal)?);
            }
        }
        Ok(Some(chunk))
    }
}

fn whole_hour(at: OffsetDateTime) -> OffsetDateTime {
    let whole = at.unix_timestamp().div_euclid(3_600) * 3_600;
    OffsetDateTime::from_unix_timestamp(whole).unwrap_or(at)
}

/// What a request asks for.
struct Asked {
    range: Range,
    key: Option<String>,
    is_csv: bool,
}

impl Asked {
    fn parse(request: &HttpRequest, now: OffsetDateTime) -> Result<Self, ApiError> {
        let params = Query::<UsageParams>::from_query(request.query_string())
            .map_err(|e| ApiError::field("query", e))?
            .into_inner();
        let accepts = request.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok());
        let is_csv = match params.format.as_deref() {
            None => accepts.is_some_and(|a| a.trim_start().starts_with("text/csv")),
            Some("csv") => true,
            Some("json") => false,
            Some(_) => return Err(ApiError::field("format", "must be json or csv")),
        };
        Ok(Self { range: Range::parse(&params, now)?, key: params.key, is_csv })
    }
}

fn csv(parts: &[reading::Part], peaks: &[reading::Peak]) -> Result<HttpResponse, ApiError> {
    let text = table::csv(parts, peaks).map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, table::CONTENT_TYPE))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"usage.csv\""))
        .body(text))
}

async fn quotas(tx: &mut TenantTx, app: Option<&AppId>) -> Result<Vec<Quota>, ApiError> {
    let mut quotas = Vec::new();
    if let Some((pool, now)) = leases::pools::pool(tx, None).await? {
        quotas.push(Quota::new("messages", &pool, now));
    }
    if let Some(app) = app
        && let Some((pool, now)) = leases::pools::pool(tx, Some(app)).await?
    {
        quotas.push(Quota::new("app_messages", &pool, now));
    }
    Ok(quotas)
}
