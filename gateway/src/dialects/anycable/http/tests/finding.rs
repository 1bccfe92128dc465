//! Which app a request is for, and from where it may be read. Source: spec/anycable.md §4.3, §13.

use super::house::{API, Asked, House, OTHER_SECRET, derived};
use contract::directory::{Change, Kill};

const GOOD: &str = r#"{"stream":"a","data":"1"}"#;

#[actix_web::test]
async fn the_first_place_that_names_an_app_decides() {
    let house = House::new();
    house.join("a", "1.1", None);
    let others = derived(OTHER_SECRET, "api-cable");
    let (own, others) = (Some(API), Some(others.as_str()));
    for (host, target, bearer, status) in [
        (None, "/api/publish", own, 201),
        (None, "/api/publish", others, 201),
        (None, "/apps/cableapp1/api/publish", own, 201),
        (None, "/apps/cableapp2/api/publish", own, 201),
        (None, "/apps/100042/api/publish", own, 201),
        (None, "/apps/cableapp1/api/publish", others, 401),
        (None, "/apps/otherapp/api/publish", own, 401),
        (None, "/apps/nobody/api/publish", own, 401),
        (Some("cableapp1.cable.example.com"), "/api/publish", own, 201),
        (Some("CableApp1.cable.example.com:8443"), "/api/publish", own, 201),
        (Some("cableapp1.Cable.Example.COM:8443"), "/api/publish", own, 201),
        (Some("cableapp1.cable.example.com"), "/api/publish", others, 401),
        (Some("nobody.cable.example.com"), "/api/publish", own, 401),
        (Some("otherapp.cable.example.com"), "/apps/cableapp1/api/publish", own, 401),
        (Some("elsewhere.example.com"), "/api/publish", own, 201),
        // Trap 6: the target's own host says nothing.
        (Some("cableapp1.cable.example.com"), "http://nobody.test/api/publish", own, 201),
        (None, "http://otherapp.cable.example.com/api/publish?x=1", own, 201),
    ] {
        let asked = Asked::new("POST", target).by(bearer).with(GOOD);
        let asked = Asked { host, ..asked };
        let status_is = house.ask(asked).await.status;
        assert_eq!(status_is, status, "{host:?} {target} {bearer:?}");
        let is_ours = status == 201 && bearer == own;
        assert_eq!(house.heard().len(), usize::from(is_ours), "{host:?} {target}");
    }
}

#[actix_web::test]
async fn an_app_that_does_not_serve_is_not_told_of() {
    let asked = Asked::new("POST", "/api/publish").with(GOOD);
    let disabled = House::with(|record| record.enabled = false);
    assert_eq!(disabled.ask(asked).await.status, 401);
    let switched_off = House::with(|record| record.settings.dialects.anycable = false);
    assert_eq!(switched_off.ask(asked).await.status, 403);
    assert_eq!(switched_off.ask(asked.by(None)).await.status, 401);
    let revoked = House::new();
    let kill = Kill::RevokeCredential {
        app: super::house::APP.parse().unwrap(),
        key: super::house::KEY.parse().unwrap(),
    };
    revoked.gateway.directory.apply(3, Change::Kill(kill));
    for path in ["/api/publish", "/apps/100042/api/publish"] {
        let asked = Asked::new("POST", path).with(GOOD);
        assert_eq!(revoked.ask(asked).await.status, 401, "{path}");
        let next = derived(super::house::NEXT_SECRET, "api-cable");
        assert_eq!(revoked.ask(asked.by(Some(&next))).await.status, 201, "{path}");
    }
}

#[actix_web::test]
async fn the_scheme_of_the_bearer_has_no_case_and_the_token_does() {
    let house = House::new();
    for (authorization, status) in [
        (format!("Bearer {API}"), 201),
        (format!("bearer {API}"), 201),
        (format!("BEARER {API}"), 201),
        (format!("Bearer {}", API.to_uppercase()), 401),
        (format!("Basic {API}"), 401),
        (API.to_owned(), 401),
        (format!("Bearer{API}"), 401),
        (format!("Bearer {API}0"), 401),
    ] {
        let headers = [("Authorization", authorization.as_str())];
        let asked = Asked::new("POST", "/api/publish").by(None).with(GOOD).headers(&headers);
        let answer = house.ask(asked).await;
        assert_eq!(answer.status, status, "{authorization}");
        assert!(answer.header("www-authenticate").is_none());
    }
}

#[actix_web::test]
async fn every_answer_may_be_read_from_other_origins() {
    let any = House::new();
    let some = House::with(|record| {
        record.settings.allowed_origins = vec!["https://*.example.com".into()];
    });
    let presence = "/apps/cableapp1/api/presence/a/users";
    let page = ("Origin", "https://App.Example.com");
    let stranger = ("Origin", "https://evil.test");
    let reflected = Some("https://app.example.com");
    for (house, method, path, bearer, origin, allowed) in [
        (&any, "OPTIONS", "/api/publish", None, page, Some("*")),
        (&any, "POST", "/api/publish", Some(API), page, Some("*")),
        (&any, "POST", "/api/publish", None, page, Some("*")),
        (&any, "GET", "/_broadcast", None, page, Some("*")),
        (&any, "OPTIONS", presence, None, page, Some("*")),
        (&any, "GET", presence, Some(API), page, Some("*")),
        (&some, "OPTIONS", presence, None, page, reflected),
        (&some, "OPTIONS", presence, None, stranger, None),
        (&some, "GET", presence, Some(API), page, reflected),
        (&some, "GET", presence, None, page, reflected),
        (&some, "POST", "/api/publish", Some(API), page, reflected),
        (&some, "POST", "/api/publish", Some(API), stranger, None),
    ] {
        let headers = [origin];
        let answer = house.ask(Asked::new(method, path).by(bearer).headers(&headers)).await;
        let label = format!("{method} {path} {origin:?}");
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{label}");
        assert_eq!(
            answer.header("access-control-allow-methods"),
            Some("GET, POST, OPTIONS"),
            "{label}"
        );
        let is_reflected = allowed.is_some_and(|allowed| allowed != "*");
        let credentials = answer.header("access-control-allow-credentials");
        assert_eq!(credentials, is_reflected.then_some("true"), "{label}");
    }
}
