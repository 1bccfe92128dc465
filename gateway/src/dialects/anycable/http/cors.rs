//! What browsers on other origins may do. Source: spec/anycable.md §4.3.

use crate::{admission, refusals::Told};
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, HeaderMap, HeaderValue, VARY,
};

const ALLOWED_HEADERS: &str = "Origin, X-Requested-With, X-Request-ID, Content-Type, Accept, \
                               X-CSRF-Token, Authorization, X-JID, Last-Event-ID";

/// Writes the headers into an answer to a request from `origin`. `allowed` are the app's origins,
/// of which none means any; an app that is not known lets nobody in and has none to hide.
pub fn allow(
    headers: &mut HeaderMap,
    allowed: &[String],
    origin: Option<&str>,
    methods: &'static str,
) {
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED_HEADERS));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(Told::EXPOSED));
    if allowed.is_empty() {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        return;
    }
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    let origin = origin.filter(|origin| admission::origin_allowed(allowed, origin));
    if let Some(Ok(origin)) = origin.map(|o| HeaderValue::try_from(o.to_ascii_lowercase())) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The origin allowed, whether credentials are, and what the answer depends on.
    fn allowed(list: &[&str], origin: Option<&str>) -> (Option<String>, bool, bool) {
        let list: Vec<String> = list.iter().map(|origin| (*origin).to_owned()).collect();
        let mut headers = HeaderMap::new();
        allow(&mut headers, &list, origin, "POST, OPTIONS");
        assert_eq!(headers.get(ACCESS_CONTROL_ALLOW_METHODS).unwrap(), "POST, OPTIONS");
        assert!(headers.contains_key(ACCESS_CONTROL_ALLOW_HEADERS));
        let origin = headers.get(ACCESS_CONTROL_ALLOW_ORIGIN);
        let origin = origin.map(|origin| origin.to_str().unwrap().to_owned());
        let credentials = headers.contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS);
        (origin, credentials, headers.contains_key(VARY))
    }

    #[test]
    fn an_origin_is_reflected_where_the_app_has_a_list() {
        let list = ["https://*.example.com", "http://localhost:3000"];
        let star = (Some("*".to_owned()), false, false);
        for (list, origin, expected) in [
            (&[][..], None, star.clone()),
            (&[], Some("https://any.test"), star),
            (
                &list,
                Some("https://A.example.com"),
                (Some("https://a.example.com".into()), true, true),
            ),
            (
                &list,
                Some("http://localhost:3000"),
                (Some("http://localhost:3000".into()), true, true),
            ),
            (&list, Some("https://example.com"), (None, false, true)),
            (&list, Some("https://evil.test"), (None, false, true)),
            (&list, Some("null"), (None, false, true)),
            (&list, None, (None, false, true)),
        ] {
            assert_eq!(allowed(list, origin), expected, "{origin:?}");
        }
    }
}
