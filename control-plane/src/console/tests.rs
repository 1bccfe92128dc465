use super::Files;
use crate::testing::{Answer, service, service_with};
use reqwest::Method;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn every_place_in_the_console_is_its_start_page(db: PgPool) {
    let service = service(&db).await;
    for path in ["/", "/apps/123/keys", "/v1x", "/login?next=/apps"] {
        let answer = Answer::of(service.request(Method::GET, path)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").starts_with("text/html"), "{path}");
        let cache = answer.header("cache-control");
        assert!(["no-cache", "no-store"].contains(&cache), "{path}: {cache}");
    }
    for path in ["/missing.js", "/assets/missing.css", "/.env", "/../Cargo.toml"] {
        Answer::of(service.request(Method::GET, path)).await.problem(404, "not_found");
    }
    let answer = Answer::of(service.request(Method::POST, "/apps")).await;
    answer.problem(405, "method_not_allowed");
}

#[sqlx::test(migrations = "../migrations")]
async fn built_files_are_kept_by_browsers(db: PgPool) {
    let service = service(&db).await;
    for file in Files::iter() {
        let answer = Answer::of(service.request(Method::GET, &format!("/{file}"))).await;
        assert_eq!(answer.status, 200, "{file}");
        let kept = answer.header("cache-control").contains("immutable");
        assert_eq!(kept, file.starts_with("assets/"), "{file}");
        let request = service.request(Method::GET, &format!("/{file}"));
        let again = Answer::of(request.header("if-none-match", answer.header("etag"))).await;
        assert_eq!((again.status.as_u16(), again.text.len()), (304, 0), "{file}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn every_answer_is_locked_down(db: PgPool) {
    let local = service(&db).await;
    for path in ["/", "/v1/session", "/missing.js", "/openapi.json"] {
        let answer = Answer::of(local.request(Method::GET, path)).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("script-src 'self' 'unsafe-inline'"), "{path}: {policy}");
        assert_eq!(answer.header("strict-transport-security"), "", "{path}");
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
    }
    let public =
        service_with(&db, |s| s.console_origin = Some("https://console.example.com".into())).await;
    let answer = Answer::of(public.request(Method::GET, "/")).await;
    assert!(answer.header("strict-transport-security").starts_with("max-age="));
    let body = serde_json::json!({"email": "a@example.com", "password": "12345678"});
    let made = public.post("/v1/signup", body).await;
    assert!(made.header("set-cookie").starts_with("__Host-signalbox_session="));
    assert!(made.header("set-cookie").contains("Secure"));
}
