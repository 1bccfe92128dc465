//! Requests as they were made, written down.

use super::record::Sent;
use crate::{
    db::TenantTx,
    webhooks::{
        model::Attempt,
        outgoing::{Outcome, Request},
    },
};
use std::collections::BTreeMap;
use uuid::Uuid;

pub fn attempt_of(
    request: Option<&Request>,
    outcome: &Outcome,
    tries: i32,
    events: usize,
) -> Attempt {
    let headers = request.map_or_else(BTreeMap::new, |request| {
        let named = request.headers.iter();
        named.map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    });
    let body = request.map_or(&[][..], |request| &request.body);
    Attempt {
        id: Uuid::now_v7(),
        at: outcome.at,
        duration_ms: i32::try_from(outcome.took.as_millis()).unwrap_or(i32::MAX),
        attempt: tries,
        events: i32::try_from(events).unwrap_or(i32::MAX),
        status: outcome.status.map(i32::from),
        error: outcome.error.clone(),
        request_headers: headers,
        request_body: String::from_utf8_lossy(body).into_owned(),
        response_headers: outcome.headers.clone(),
        response_body: outcome.body.clone(),
    }
}

/// Writes requests down, each with what it told. What was deleted in the meantime is left out.
pub async fn insert_all(
    tx: &mut TenantTx,
    endpoint: Uuid,
    sent: &[Sent],
) -> Result<(), sqlx::Error> {
    let mut attempts = Vec::with_capacity(sent.len());
    let (mut of_attempts, mut deliveries) = (Vec::new(), Vec::new());
    for one in sent {
        let told = &one.parcel.deliveries;
        let attempt = attempt_of(one.request.as_ref(), &one.outcome, one.tries(), told.len());
        of_attempts.extend(told.iter().map(|_| attempt.id));
        deliveries.extend(told.iter().map(|claimed| claimed.id));
        attempts.push(attempt);
    }
    insert(tx, endpoint, &attempts).await?;
    sqlx::query!(
        "INSERT INTO webhook_attempt_deliveries (attempt_id, delivery_id, organisation_id)
         SELECT n.attempt_id, d.id, d.organisation_id
         FROM unnest($2::uuid[], $3::uuid[]) AS n (attempt_id, delivery_id)
         JOIN webhook_deliveries d ON d.id = n.delivery_id
         WHERE d.organisation_id = $1 FOR KEY SHARE OF d",
        tx.organisation().uuid(),
        &of_attempts,
        &deliveries,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

pub async fn insert(
    tx: &mut TenantTx,
    endpoint: Uuid,
    attempts: &[Attempt],
) -> Result<(), sqlx::Error> {
    let text = |headers: &BTreeMap<String, String>| {
        serde_json::to_string(headers).map_err(|e| sqlx::Error::Encode(e.into()))
    };
    let mut request_headers = Vec::with_capacity(attempts.len());
    let mut response_headers = Vec::with_capacity(attempts.len());
    for attempt in attempts {
        request_headers.push(text(&attempt.request_headers)?);
        response_headers.push(attempt.response_headers.as_ref().map(text).transpose()?);
    }
    let ids: Vec<Uuid> = attempts.iter().map(|a| a.id).collect();
    let times: Vec<_> = attempts.iter().map(|a| a.at).collect();
    let number = |of: fn(&Attempt) -> i32| -> Vec<i32> { attempts.iter().map(of).collect() };
    let statuses: Vec<Option<i32>> = attempts.iter().map(|a| a.status).collect();
    let errors: Vec<Option<String>> = attempts.iter().map(|a| a.error.clone()).collect();
    let bodies: Vec<String> = attempts.iter().map(|a| a.request_body.clone()).collect();
    let answers: Vec<Option<String>> = attempts.iter().map(|a| a.response_body.clone()).collect();
    sqlx::query!(
        "INSERT INTO webhook_attempts
             (id, organisation_id, endpoint_id, at, duration_ms, attempt, events, status, error,
              request_headers, request_body, response_headers, response_body)
         SELECT n.id, $1, $2, n.at, n.duration_ms, n.attempt, n.events, n.status, n.error,
                n.request_headers::jsonb, n.request_body, n.response_headers::jsonb, n.response_body
         FROM unnest($3::uuid[], $4::timestamptz[], $5::int[], $6::int[], $7::int[], $8::int[],
                     $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])
             AS n (id, at, duration_ms, attempt, events, status, error,
                   request_headers, request_body, response_headers, response_body)",
        tx.organisation().uuid(),
        endpoint,
        &ids,
        &times,
        &number(|a| a.duration_ms),
        &number(|a| a.attempt),
        &number(|a| a.events),
        &statuses as &[Option<i32>],
        &errors as &[Option<String>],
        &request_headers,
        &bodies,
        &response_headers as &[Option<String>],
        &answers as &[Option<String>],
    )
    .execute(tx.db())
    .await?;
    Ok(())
}
