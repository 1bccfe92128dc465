//! `POST /apps/{app}/auth` must never sign what it has not looked at.

use super::house::{Answer, House, bearer};
use crate::{
    admission::channel_signature,
    dialects::relay::{fixtures, vectors},
};
use actix_web::{http::Method, test::TestRequest};
use contract::{Action, AuthEndpoint, directory::AppRecord};
use serde_json::{Value, json};

const AUTH: &str = "/apps/my-app/auth";
const NOT_FOR_CALLER: &str = "this channel is not signed for this caller";
const ALL: [Action; 3] = [Action::Subscribe, Action::Presence, Action::Publish];

fn at(level: AuthEndpoint, channels: &'static [&'static str]) -> impl FnOnce(&mut AppRecord) {
    move |record| {
        record.settings.relay.auth_endpoint = level;
        record.settings.relay.auth_channels =
            channels.iter().map(|pattern| pattern.parse().unwrap()).collect();
        record.settings.allowed_origins = vec!["https://shop.example".into()];
    }
}

fn house(level: AuthEndpoint, channels: &'static [&'static str]) -> House {
    let house = House::with(at(level, channels));
    house.open_socket();
    house
}

fn body(channel: &str, data: Option<&str>) -> String {
    let mut body = json!({ "socket_id": "123.456", "channel_name": channel });
    if let Some(data) = data {
        body["channel_data"] = data.into();
    }
    body.to_string()
}

async fn ask(house: &House, credential: Option<&str>, body: &str) -> Answer {
    let request = TestRequest::post().uri(AUTH);
    match credential {
        Some(credential) => house.ask(request.insert_header(bearer(credential)), body).await,
        None => house.ask(request, body).await,
    }
}

/// Whether the answer's signature lets the sheet's socket in, and as whom.
#[track_caller]
fn check(house: &House, channel: &str, answer: &Answer) -> Option<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let json = answer.json();
    let (auth, data) = (json["auth"].as_str().expect("auth"), json["channel_data"].as_str());
    let app = house.gateway.directory.app_by_path(fixtures::APP).expect("known");
    let checked = channel_signature(&app.load(), fixtures::socket(), channel, auth, data);
    assert_eq!(checked, Ok(()), "{}", answer.text);
    data.map(|data| serde_json::from_str(data).expect("JSON"))
}

#[actix_web::test]
async fn it_is_off_unless_the_owner_says_otherwise() {
    let house = House::new();
    house.open_socket();
    for credential in [None, Some(fixtures::SECRET), Some("pk_sbx_x")] {
        let answer = ask(&house, credential, &body("private-user.1", None)).await;
        let expected = (403, "channel auth endpoint is disabled for this app".to_owned());
        assert_eq!((answer.status, answer.error()), expected);
    }
}

#[actix_web::test]
async fn a_back_end_gets_the_sheets_signatures() {
    let house = house(AuthEndpoint::Backend, &[]);
    for vectors::Signed { channel, auth, data } in vectors::signatures() {
        let answer = ask(&house, Some(fixtures::SECRET), &body(channel, data)).await;
        let json = answer.json();
        assert_eq!((json["auth"].as_str(), json["channel_data"].as_str()), (Some(auth), data));
        assert_eq!(json.as_object().map(|o| o.len()), Some(1 + usize::from(data.is_some())));
    }
    let answer = ask(&house, Some(fixtures::NEXT_SECRET), &body("private-a", None)).await;
    assert!(answer.json()["auth"].as_str().is_some_and(|a| a.starts_with(fixtures::NEXT_KEY)));
    let scoped = house.key(&Action::ALL, &["**"]);
    let publishable = house.publishable(&ALL, &["**"]);
    for (credential, status, error) in [
        (None, 401, "Missing or invalid Authorization header"),
        (Some("wrong"), 403, "Invalid app secret"),
        (Some(scoped.as_str()), 403, "a scoped key does not have channels signed"),
        (Some(&publishable), 403, "Invalid app secret"),
    ] {
        let answer = ask(&house, credential, &body("private-a", None)).await;
        assert_eq!((answer.status, answer.error()), (status, error.to_owned()));
    }
}

#[actix_web::test]
async fn no_text_is_signed_that_could_mean_something_else() {
    let house = house(AuthEndpoint::Backend, &[]);
    let request =
        "POST\n/apps/my-app/events\nauth_key=my-key&auth_timestamp=1&auth_version=1.0&x=a";
    let form = "socket_id is not of the form digits.digits";
    let foreign = "socket_id was not issued by this service";
    let public = "only private- and presence- channels are signed";
    let colon = "the channel name must not contain : on private and presence channels";
    let required = "socket_id and channel_name are required";
    let data = |data: &str| json!({"socket_id": "123.456", "channel_name": "presence-room", "channel_data": data});
    let no_id = "channel_data must have a user_id or id that is a string or a number";
    for (body, error) in [
        (json!({"socket_id": request, "channel_name": "private-b"}), form),
        (json!({"socket_id": "{\"event\"", "channel_name": "private-b"}), form),
        (json!({"socket_id": "1.2:private-a", "channel_name": "private-b"}), form),
        (json!({"socket_id": "1.2\n", "channel_name": "private-b"}), form),
        (json!({"socket_id": "99999999999.2", "channel_name": "private-b"}), foreign),
        (json!({"socket_id": "123.456", "channel_name": ":user:"}), public),
        (json!({"socket_id": "123.456", "channel_name": "chat"}), public),
        (json!({"socket_id": "123.456", "channel_name": "presence-room:{\"user_id\":1}"}), colon),
        (json!({"socket_id": "123.456", "channel_name": "private-a:b"}), colon),
        (json!({"socket_id": "123.456"}), required),
        (json!({"channel_name": "private-a"}), required),
        (json!({"socket_id": "", "channel_name": ""}), required),
        (
            json!({"socket_id": 1, "channel_name": "private-a"}),
            "socket_id, channel_name and channel_data must be strings",
        ),
        (
            json!({"socket_id": "123.456", "channel_name": "presence-room"}),
            "channel_data is required for presence channels",
        ),
        (data("{}"), no_id),
        (data("[]"), "channel_data must be a JSON object"),
        (data("x"), "channel_data: syntax error at byte 0"),
        (
            data(&format!("{{\"user_id\":1,\"x\":\"{}\"}}", "x".repeat(4_096))),
            "channel_data must be at most 4096 bytes",
        ),
        (
            json!({"socket_id": "1.2", "channel_name": "private-a"}),
            "socket_id is not an open connection of this app",
        ),
    ] {
        let answer = ask(&house, Some(fixtures::SECRET), &body.to_string()).await;
        assert_eq!((answer.status, answer.error()), (422, error.to_owned()), "{body}");
    }
    let answer = ask(&house, Some(fixtures::SECRET), "{").await;
    assert_eq!((answer.status, answer.error()), (400, "Invalid JSON body".to_owned()));
}

#[actix_web::test]
async fn a_form_is_as_good_as_json() {
    let house = house(AuthEndpoint::Backend, &[]);
    let request = TestRequest::post()
        .uri(AUTH)
        .insert_header(bearer(fixtures::SECRET))
        .insert_header(("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"));
    let form = "socket_id=123.456&channel_name=presence-room&channel_data=%7B%22user_id%22%3A+1%7D";
    let answer = house.ask(request, form).await;
    assert_eq!(check(&house, "presence-room", &answer), Some(json!({"user_id": 1})));
}

#[actix_web::test]
async fn a_user_with_a_token_is_who_the_token_says() {
    let house = house(AuthEndpoint::Credentialed, &["private-*", "presence-*"]);
    let claims = json!({"peerMetadata": {"name": "Ann"}});
    let token = house.token(&ALL, &["private-a", "presence-**"], claims);
    let answer = ask(&house, Some(&token), &body("private-a", None)).await;
    assert_eq!(check(&house, "private-a", &answer), None);
    let answer = ask(&house, Some(&token), &body("presence-room", None)).await;
    let ann = json!({"user_id": "ann", "user_info": {"name": "Ann"}});
    assert_eq!(check(&house, "presence-room", &answer), Some(ann));
    let own = r#"{"user_id":"ann","user_info":{"n":1}}"#;
    let answer = ask(&house, Some(&token), &body("presence-room", Some(own))).await;
    assert_eq!(check(&house, "presence-room", &answer), serde_json::from_str(own).ok());
    let other = "channel_data names another user than the token";
    let narrow = house.token(&[Action::Subscribe], &["**"], json!({}));
    let claimed = house.token(&ALL, &["**"], json!({"channels": ["private-b"]}));
    let expired = house.token(&ALL, &["**"], json!({"exp": 1}));
    let forged = format!("{}x", token);
    for (token, channel, data, error) in [
        (&token, "presence-room", Some(r#"{"user_id":"admin"}"#), other),
        (&token, "private-a", Some(r#"{"user_id":"admin"}"#), other),
        (&token, "private-b", None, NOT_FOR_CALLER),
        (&narrow, "presence-room", None, NOT_FOR_CALLER),
        (&claimed, "private-a", None, NOT_FOR_CALLER),
        (&expired, "private-a", None, "the key has expired"),
        (&forged, "private-a", None, "Invalid app secret"),
    ] {
        let answer = ask(&house, Some(token), &body(channel, data)).await;
        assert_eq!((answer.status, answer.error()), (403, error.to_owned()), "{channel}");
    }
    let by_query = TestRequest::post().uri(&format!("{AUTH}?token={token}"));
    assert_eq!(house.ask(by_query, &body("private-a", None)).await.status, 200);
}

#[actix_web::test]
async fn a_page_with_a_publishable_key_is_nobody_in_particular() {
    let house = house(AuthEndpoint::Credentialed, &["private-open-*", "presence-open-*", "**"]);
    let key = house.publishable(&ALL, &["private-open-*", "presence-open-*", "private-secret"]);
    let uri = format!("{AUTH}?key={key}");
    let post = || TestRequest::post().uri(&uri);
    let answer = house.ask(post(), &body("private-open-1", Some(r#"{"user_id":"admin"}"#))).await;
    assert_eq!(check(&house, "private-open-1", &answer), None, "nobody's word is signed");
    let data = r#"{"user_id":"admin","user_info":{"name":"Ann","role":"admin"}}"#;
    let answer = house.ask(post(), &body("presence-open-1", Some(data))).await;
    let member = check(&house, "presence-open-1", &answer).expect("a member");
    assert!(member["user_id"].as_str().is_some_and(|id| id.starts_with("anon-")), "{member}");
    assert_eq!(member["user_info"], json!({"name": "Ann"}));
    for channel in ["private-secret", "private-other", "presence-other"] {
        let answer = house.ask(post(), &body(channel, None)).await;
        let expected = (403, NOT_FOR_CALLER.to_owned());
        assert_eq!((answer.status, answer.error()), expected, "{channel}");
    }
    let subscriber = house.publishable(&[Action::Subscribe], &["presence-open-*"]);
    let answer = ask(&house, Some(&subscriber), &body("presence-open-1", None)).await;
    assert_eq!(answer.status, 403, "presence is an action of its own");
    let nobody = ask(&house, None, &body("private-open-1", None)).await;
    assert_eq!(nobody.status, 401);
}

#[actix_web::test]
async fn anybody_gets_only_what_is_listed_as_open_by_name() {
    let house = house(AuthEndpoint::Anonymous, &["**", "private-open-*", "presence-open"]);
    let answer = ask(&house, None, &body("private-open-1", None)).await;
    assert_eq!(check(&house, "private-open-1", &answer), None);
    let answer = ask(&house, None, &body("presence-open", None)).await;
    let one = check(&house, "presence-open", &answer).expect("a member");
    let answer = ask(&house, None, &body("presence-open", None)).await;
    assert_ne!(check(&house, "presence-open", &answer), Some(one), "a new name each time");
    for channel in ["private-secret", "presence-room"] {
        let answer = ask(&house, None, &body(channel, None)).await;
        assert_eq!((answer.status, answer.error()), (403, NOT_FOR_CALLER.to_owned()));
    }
    let wrong = ask(&house, Some("pk_sbx_wrong"), &body("private-open-1", None)).await;
    assert_eq!(wrong.status, 403, "a bad credential is not passed over");
}

#[actix_web::test]
async fn pages_ask_from_where_the_app_lists_them() {
    let house = house(AuthEndpoint::Anonymous, &["private-open-*"]);
    let body = body("private-open-1", None);
    for (origin, status, allowed) in [
        (Some("https://shop.example"), 200, Some("https://shop.example")),
        (Some("https://evil.example"), 403, None),
        (Some("null"), 403, None),
        (None, 200, None),
    ] {
        let mut request = TestRequest::post().uri(AUTH);
        let mut preflight = TestRequest::with_uri(AUTH)
            .method(Method::OPTIONS)
            .insert_header(("Access-Control-Request-Headers", "x-mine, authorization"));
        if let Some(origin) = origin {
            request = request.insert_header(("Origin", origin));
            preflight = preflight.insert_header(("Origin", origin));
        }
        let answer = house.ask(request, &body).await;
        assert_eq!(answer.status, status, "{origin:?}: {}", answer.text);
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origin:?}");
        let preflight = house.ask(preflight, "").await;
        assert_eq!(preflight.status, 204);
        assert_eq!(preflight.header("access-control-allow-origin"), allowed, "{origin:?}");
        let headers = preflight.header("access-control-allow-headers");
        assert_eq!(headers, Some("x-mine, authorization"));
    }
}

#[actix_web::test]
async fn asking_has_a_pace() {
    let house = house(AuthEndpoint::Backend, &[]);
    let mut refused = None;
    for _ in 0..60 {
        let answer = ask(&house, Some("wrong"), "{}").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a bound");
    assert_eq!(refused.error(), "rate limit exceeded");
    assert_eq!(refused.header("retry-after"), Some("1"));
}
