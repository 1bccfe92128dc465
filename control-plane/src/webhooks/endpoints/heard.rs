//! Which types of events an endpoint names.

use crate::{
    api::ApiError,
    webhooks::{
        events::EventType,
        model::{Filter, Form},
    },
};
use contract::webhooks::HookSet;

/// The types that were asked for, each once and as the database has them. Errors: one that nobody
/// knows, or that this endpoint cannot be told.
pub fn checked(raw: Vec<String>, form: Form, of_app: bool) -> Result<Vec<String>, ApiError> {
    let mut events: Vec<EventType> = Vec::new();
    for (at, text) in raw.iter().enumerate() {
        let refused = |why: String| ApiError::field(format!("events[{at}]"), why);
        let event = EventType::parse(text).map_err(|e| refused(e.to_string()))?;
        if !event.can_be_told(form, of_app) {
            let whose = if of_app { "an app's" } else { "an organisation's" };
            let form = form.as_str();
            return Err(refused(format!(
                "{whose} endpoint of the form {form} cannot be told of {}",
                event.as_str()
            )));
        }
        if !events.contains(&event) {
            events.push(event);
        }
    }
    Ok(events.into_iter().map(|event| event.as_str().to_owned()).collect())
}

/// The kinds that an app's endpoint needs its gateways to tell. One that does not decode needs none.
pub fn kinds(form: &str, events: &[String]) -> HookSet {
    match Filter::decode(form, true, events, &[]) {
        Ok(filter) => filter.kinds(),
        Err(error) => {
            tracing::error!(%error, "an endpoint is passed over");
            HookSet::NONE
        }
    }
}

/// The first type that such an endpoint hears of: what a test shows unless it is told otherwise.
pub fn first(form: Form, of_app: bool, events: &[String]) -> Option<EventType> {
    let filter = Filter::decode(form.as_str(), of_app, events, &[]).ok()?;
    EventType::of_channels().chain(EventType::own()).find(|event| filter.wants_type(*event))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(form: Form, of_app: bool, events: &[&str], expected: Result<&[&str], &str>) {
        let raw = events.iter().map(|event| (*event).to_owned()).collect();
        let got = checked(raw, form, of_app).map_err(|error| match error {
            ApiError::Invalid(errors) => errors[0].field.clone(),
            other => panic!("{other}"),
        });
        let expected = expected
            .map(|events| events.iter().map(|event| (*event).to_owned()).collect::<Vec<_>>())
            .map_err(str::to_owned);
        assert_eq!(got, expected, "{form:?} {events:?}");
    }

    #[test]
    fn types_are_taken_in_either_spelling_once_and_where_they_can_be_told() {
        let both = ["member.added", "channel_occupied", "member_added"];
        check(Form::Pusher, true, &both, Ok(&["member_added", "channel_occupied"]));
        check(Form::Pusher, true, &[], Ok(&[]));
        check(Form::Pusher, true, &["member_added", "key.revoked"], Err("events[1]"));
        check(Form::Standard, true, &["key.revoked"], Ok(&["key.revoked"]));
        check(Form::Standard, true, &["invoice.paid"], Err("events[0]"));
        check(Form::Standard, false, &["invoice.paid"], Ok(&["invoice.paid"]));
        check(Form::Standard, false, &["channel_vacated"], Err("events[0]"));
        check(Form::Relay, true, &["cache_miss"], Err("events[0]"));
        check(Form::Relay, true, &["channel_sold"], Err("events[0]"));
    }

    #[test]
    fn a_test_shows_what_the_endpoint_hears_of() {
        let first = |form, of_app, events: &[&str]| {
            let events: Vec<String> = events.iter().map(|event| (*event).to_owned()).collect();
            first(form, of_app, &events).map(EventType::as_str)
        };
        assert_eq!(first(Form::Pusher, true, &[]), Some("channel_occupied"));
        assert_eq!(first(Form::Pusher, true, &["cache_miss"]), Some("cache_miss"));
        assert_eq!(first(Form::Standard, false, &[]), Some("quota.threshold"));
    }
}
