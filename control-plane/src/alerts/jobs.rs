//! Looking whether somebody is to be told.

use super::{
    measure,
    model::{Alert, Measure, Rule},
    store,
};
use crate::{
    api::ApiError,
    billing::notices,
    db::{Organisation, TenantTx},
    mail::Letter,
    state::State,
    webhooks::{events::OwnEvent, own_events},
};
use time::OffsetDateTime;

/// Tells everybody who has come to a threshold. With several control planes at it, whoever writes
/// the alert down first sends it.
pub async fn check(state: &State, now: OffsetDateTime) -> Result<(), ApiError> {
    let mut tx = state.db.service().await?;
    let measures = measure::all(&mut tx, now).await?;
    store::prune(&mut tx).await?;
    tx.commit().await?;
    for measure in measures {
        if let Err(error) = tell(state, &measure, now).await {
            tracing::warn!(%error, organisation.id = %measure.organisation,
                "an alert could not be sent; the next look tries again");
        }
    }
    Ok(())
}

async fn tell(state: &State, measure: &Measure, now: OffsetDateTime) -> Result<(), ApiError> {
    let mut tx = state.db.tenant("alerts", Organisation::known(measure.organisation)).await?;
    let settings = store::settings(&mut tx).await?;
    if !settings.wants(measure.rule) {
        return Ok(());
    }
    let mut last = None;
    for threshold in measure.reached(&settings.thresholds) {
        if let Some(alert) = store::raise(&mut tx, measure, threshold, now).await? {
            let app = alert.app_id.as_ref();
            own_events::keep(&mut tx, OwnEvent::QuotaThreshold, app, &alert).await?;
            last = Some(alert);
        }
    }
    // Who crosses several at once reads one mail, about the highest.
    if let Some(alert) = last {
        mail(&mut tx, state, &alert).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn mail(tx: &mut TenantTx, state: &State, alert: &Alert) -> Result<(), ApiError> {
    let (rule, threshold) = (alert.rule, alert.threshold);
    let what = match rule {
        Rule::Messages | Rule::AppMessages => "today's messages",
        Rule::Connections | Rule::AppConnections => "the connections",
        Rule::SpendLimit => "the spending limit",
    };
    let whose = match &alert.app_id {
        Some(app) => format!("App {app}"),
        None => "Your organisation".to_owned(),
    };
    let link = state.console_link(&format!("/organisations/{}/usage", alert.organisation_id));
    notices::write(tx, || {
        Letter::new(format!("{threshold} % of {what} used"))
            .paragraph(format!("{whose} has used {threshold} % of {what}."))
            .facts([
                ("Used", rule.shown(alert.used)),
                ("Limit", rule.shown(alert.limit)),
                ("Since", alert.window_start.to_string()),
            ])
            .link("See usage", link.clone())
    })
    .await
}
