//! The OpenAPI document, collected from the routes as they are registered.

use crate::routes;
use actix_web::{App, HttpResponse, get};
use std::sync::OnceLock;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self,
        path::{Operation, PathItem},
        security::{
            ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
        },
    },
};
use utoipa_actix_web::AppExt;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Signalbox management API",
        description = "Accounts, organisations, apps and their credentials. Sign-in sets a \
            session cookie; requests that change something carry the session's CSRF token in \
            X-CSRF-Token. Scripts send a management token instead: Authorization: Bearer \
            mt_sbx_…, without CSRF token. Errors are application/problem+json with a stable `code`.",
    ),
    modifiers(&Session)
)]
struct Base;

struct Session;

impl Modify for Session {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let cookie = ApiKeyValue::with_description(
            "__Host-signalbox_session",
            "On plain http on this machine: signalbox_session",
        );
        let scheme = SecurityScheme::ApiKey(ApiKey::Cookie(cookie));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("session", scheme);
        let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("management_token", token);
        let none: [&str; 0] = [];
        document.security = Some(vec![
            SecurityRequirement::new("session", none),
            SecurityRequirement::new("management_token", none),
        ]);
        // The macro writes an empty one for a crate that names no licence.
        document.info.license = None;
    }
}

pub fn document() -> &'static openapi::OpenApi {
    static DOCUMENT: OnceLock<openapi::OpenApi> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let app = App::new().into_utoipa_app().openapi(Base::openapi()).configure(routes::public);
        app.split_for_parts().1
    })
}

/// The methods that a path is documented with.
pub fn methods_of(path: &str) -> Vec<&'static str> {
    let templates = document().paths.paths.iter();
    templates
        .filter(|(template, _)| matches(template, path))
        .flat_map(|(_, i)| methods(i))
        .collect()
}

pub fn methods(item: &PathItem) -> Vec<&'static str> {
    operations(item).into_iter().map(|(method, _)| method).collect()
}

/// The operations of a path, each with its method.
pub fn operations(item: &PathItem) -> Vec<(&'static str, &Operation)> {
    [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
    .collect()
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template.zip(path).all(|(t, p)| t == p || (t.starts_with('{') && !p.is_empty()))
}

/// This document.
#[utoipa::path(tag = "service", responses((status = 200, body = Object)))]
#[get("/openapi.json")]
pub async fn get_openapi() -> HttpResponse {
    HttpResponse::Ok().json(document())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

    /// The console's client is generated from the file, so it must say what the code does.
    #[test]
    fn the_committed_document_is_what_the_code_says() {
        let current = document().to_pretty_json().unwrap() + "\n";
        if std::env::var_os("UPDATE_OPENAPI").is_some_and(|v| v == "1") {
            std::fs::write(FILE, &current).unwrap();
        }
        let committed = std::fs::read_to_string(FILE).unwrap_or_default();
        assert!(
            committed == current,
            "control-plane/openapi.json is stale: \
             run UPDATE_OPENAPI=1 cargo test -p control-plane openapi"
        );
    }

    #[test]
    fn every_operation_has_its_own_name_and_says_what_can_happen() {
        let mut names = std::collections::HashSet::new();
        for (path, item) in &document().paths.paths {
            for operation in [&item.get, &item.post, &item.patch, &item.delete] {
                let Some(operation) = operation else { continue };
                let name = operation.operation_id.clone().unwrap_or_default();
                assert!(!name.is_empty() && names.insert(name.clone()), "{path}: {name:?}");
                assert!(!operation.responses.responses.is_empty(), "{name}");
                assert!(operation.summary.is_some(), "{name}");
            }
        }
    }

    #[test]
    fn values_are_documented_as_they_are_sent() {
        let schemas = serde_json::to_value(document()).unwrap()["components"]["schemas"].take();
        let sent = serde_json::to_value(crate::organisations::Permission::ALL).unwrap();
        assert_eq!(schemas["Permission"]["enum"], sent);
        for (name, schema) in schemas.as_object().unwrap() {
            // A macro can hide from the document how a variant is called outside.
            let values = schema["enum"].as_array().into_iter().flatten();
            let named = values.filter_map(|v| v.as_str()).all(|v| v == v.to_lowercase());
            assert!(named, "{name} lists variants of the code: {}", schema["enum"]);
        }
    }

    #[test]
    fn paths_are_matched_by_segments() {
        assert_eq!(methods_of("/v1/apps/123"), ["GET", "PATCH", "DELETE"]);
        assert_eq!(methods_of("/v1/login"), ["POST"]);
        assert!(methods_of("/v1/apps/123/nothing").is_empty());
        assert!(methods_of("/v1/apps/").is_empty());
    }
}
