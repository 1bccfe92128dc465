//! Every documented operation as a request that could be sent: what the generated tests go through.
//!
//! Nothing is listed here but values: an operation with a parameter or a body that this file does
//! not know fails the tests, so that a new route is added.

use super::{Answer, Customer};
use crate::api::openapi;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::HashMap;
use utoipa::openapi::path::Operation as Documented;
use uuid::Uuid;

/// One documented operation.
#[derive(Clone, Debug)]
pub struct Operation {
    pub name: String,
    pub method: Method,
    pub template: String,
    has_body: bool,
}

pub fn all() -> Vec<Operation> {
    let mut operations = Vec::new();
    for (template, item) in &openapi::document().paths.paths {
        for (method, documented) in openapi::operations(item) {
            operations.push(Operation::of(method, template, documented));
        }
    }
    operations
}

/// Those on one organisation or app.
pub fn of_tenants() -> Vec<Operation> {
    all().into_iter().filter(Operation::is_of_a_tenant).collect()
}

impl Operation {
    fn of(method: &str, template: &str, documented: &Documented) -> Self {
        Self {
            name: documented.operation_id.clone().expect("a name"),
            method: method.parse().expect("a method"),
            template: template.to_owned(),
            has_body: documented.request_body.is_some(),
        }
    }

    pub fn is_of_a_tenant(&self) -> bool {
        self.template.contains("/organisations/{") || self.template.contains("/apps/{")
    }

    pub fn is_unsafe(&self) -> bool {
        self.method != Method::GET
    }

    /// The parameters in the path, each by what stands before it: `keys/{id}`.
    pub fn parameters(&self) -> Vec<String> {
        let segments: Vec<&str> = self.template.split('/').collect();
        let of_pair = |pair: &[&str]| {
            let end = pair[1].starts_with('{').then(|| pair[1].find('}'))??;
            Some(format!("{}/{}", pair[0], &pair[1][..=end]))
        };
        segments.windows(2).filter_map(of_pair).collect()
    }

    /// The path with a value for every parameter.
    #[track_caller]
    pub fn path(&self, values: &Values) -> String {
        let mut path = self.template.clone();
        for parameter in self.parameters() {
            let value = values.get(&parameter).unwrap_or_else(|| {
                panic!("{}: give {parameter:?} a value in testing/operations.rs", self.name)
            });
            let (segment, _) = parameter.split_once('/').unwrap();
            path = path.replace(&parameter, &format!("{segment}/{value}"));
        }
        path
    }

    /// A body that passes, for those that take one.
    #[track_caller]
    pub fn body(&self) -> Option<Value> {
        if !self.has_body {
            return None;
        }
        // Refused before it is read, wherever this is sent.
        if !self.is_of_a_tenant() {
            return Some(json!({}));
        }
        let bodies = bodies();
        let body = bodies.get(self.name.as_str()).cloned();
        Some(body.unwrap_or_else(|| {
            panic!("{}: give it a body that passes in testing/operations.rs", self.name)
        }))
    }

    pub async fn send(&self, who: &Customer, path: &str) -> Answer {
        // An answer without end is asked for with what is refused once it is known who asks.
        let endless = if self.name == "listen_webhooks" { "?endless=no" } else { "" };
        let request = who.request(self.method.clone(), &format!("{path}{endless}"));
        Answer::of(match self.body() {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }
}

pub type Values = HashMap<String, String>;

/// Things of `who` to fill parameters with. What cannot be made here has an id that nothing has.
pub async fn values_of(who: &Customer) -> Values {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let invited = json!({"email": format!("guest-of-{}", who.email), "role": "viewer"});
    let invitation = who.post(&who.of_organisation("/invitations"), invited).await.expect(201);
    let token = json!({"name": "t", "permissions": ["apps.read"]});
    let pairs = [
        ("organisations/{org}", who.organisation.to_string()),
        ("apps/{app}", who.app.as_str().to_owned()),
        ("credentials/{key}", who.key.clone()),
        ("keys/{id}", text(&who.create_key("k").await["key"]["id"])),
        ("publishable-keys/{key}", who.create_publishable_key().await),
        ("tokens/{id}", text(&who.create_token(token).await["management_token"]["id"])),
        ("members/{user}", text(&who.get("/v1/session").await.expect(200)["user"]["id"])),
        ("invitations/{invitation}", text(&invitation["id"])),
        ("refusals/{request_id}", Uuid::nil().to_string()),
        ("webhooks/{id}", who.create_webhook().await),
        ("deliveries/{delivery}", Uuid::nil().to_string()),
        ("attempts/{attempt}", Uuid::nil().to_string()),
        ("connections/{socket}", "1.1".to_owned()),
        ("sessions/{session}", Uuid::nil().to_string()),
        ("invoices/{number}", "1".to_owned()),
    ];
    pairs.map(|(parameter, value)| (parameter.to_owned(), value)).into()
}

/// The same shapes, of nothing that exists.
pub fn values_of_nobody() -> Values {
    let pairs = [
        ("organisations/{org}", Uuid::new_v4().to_string()),
        ("apps/{app}", "1234567890".to_owned()),
        ("credentials/{key}", "a".repeat(20)),
        ("keys/{id}", "0123456789ab".to_owned()),
        ("publishable-keys/{key}", "pk_nobody".to_owned()),
        ("tokens/{id}", "0123456789ab".to_owned()),
        ("members/{user}", Uuid::new_v4().to_string()),
        ("invitations/{invitation}", Uuid::new_v4().to_string()),
        ("refusals/{request_id}", Uuid::new_v4().to_string()),
        ("webhooks/{id}", Uuid::new_v4().to_string()),
        ("deliveries/{delivery}", Uuid::new_v4().to_string()),
        ("attempts/{attempt}", Uuid::new_v4().to_string()),
        ("connections/{socket}", "9.9".to_owned()),
        ("invoices/{number}", "999".to_owned()),
    ];
    pairs.map(|(parameter, value)| (parameter.to_owned(), value)).into()
}

fn bodies() -> HashMap<&'static str, Value> {
    HashMap::from([
        ("rename_organisation", json!({"name": "x"})),
        ("transfer_organisation", json!({"user_id": Uuid::nil()})),
        ("patch_member", json!({"role": "viewer"})),
        ("create_invitation", json!({"email": "somebody@example.com", "role": "viewer"})),
        ("create_management_token", json!({"name": "x", "permissions": ["apps.read"]})),
        ("put_subscription", json!({"plan": "starter"})),
        ("preview_subscription", json!({"plan": "starter"})),
        ("put_billing_profile", json!({"name": "x"})),
        ("put_spend_limit", json!({"spend_limit_micros": null})),
        (
            "put_alert_settings",
            json!({"thresholds": [80], "messages": true, "connections": true, "spending": true}),
        ),
        ("create_app", json!({"name": "x"})),
        ("patch_app", json!({"name": "x"})),
        ("create_key", json!({"name": "x", "actions": [], "channels": []})),
        ("patch_key", json!({"name": "x"})),
        ("create_publishable_key", json!({"name": "x"})),
        ("patch_publishable_key", json!({"name": "x"})),
        ("create_credential", json!({})),
        ("patch_credential", json!({"expires_at": null})),
        ("rotate_credential", json!({})),
        ("rotate_key", json!({})),
        ("rotate_publishable_key", json!({})),
        ("dry_run_key", json!({"name": "x"})),
        ("dry_run_publishable_key", json!({"name": "x"})),
        ("revoke_all", json!({})),
        ("create_webhook", json!({"url": "https://1.1.1.1/hook"})),
        ("create_organisation_webhook", json!({"url": "https://1.1.1.1/hook"})),
        ("patch_webhook", json!({"description": "x"})),
        ("patch_organisation_webhook", json!({"description": "x"})),
        ("rotate_webhook_secret", json!({})),
        ("rotate_organisation_webhook_secret", json!({})),
        ("test_webhook", json!({})),
        ("test_organisation_webhook", json!({})),
        ("replay_webhook", json!({})),
        ("replay_organisation_webhook", json!({})),
        ("publish", json!({"channel": "c", "name": "e", "data": ""})),
    ])
}
