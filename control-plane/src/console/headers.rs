//! The security headers of every answer.

use super::Files;
use crate::state::State;
use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderName, HeaderValue},
    middleware::Next,
    web::Data,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

pub async fn secure<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let state = request.app_data::<Data<State>>();
    let secure = state.is_some_and(|s| s.origins.secure());
    let gateway = state.map(|s| s.public_gateway_url.clone()).unwrap_or_default();
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()");
    if secure {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
    if let Ok(policy) = HeaderValue::from_str(&content_security_policy(&gateway)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// Scripts only from here, and the inline ones only as they were built (the start page sets the
/// colour scheme before anything is drawn). Styles may be inline: component libraries set them.
///
/// The gateway may be connected to: the console's first room shows a message arriving over a
/// socket of the kind that customers' pages open.
fn content_security_policy(gateway: &str) -> String {
    static SCRIPTS: OnceLock<String> = OnceLock::new();
    let inline = SCRIPTS.get_or_init(|| {
        let index = Files::get("index.html").map(|file| file.data.into_owned());
        let index = index.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        inline_scripts(&index)
            .map(|script| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script))))
            .collect()
    });
    let socket = gateway.replacen("http", "ws", 1);
    format!(
        "default-src 'none'; script-src 'self'{inline}; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data:; font-src 'self' data:; connect-src 'self' {socket}; \
         manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// The texts of `<script>` elements that have no `src`.
fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    html.split("<script").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (text, _) = rest.split_once("</script>")?;
        (!attributes.contains("src=")).then_some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_inline_scripts_need_a_hash() {
        let html = "<script>a()</script><script type=\"module\" src=\"/x.js\"></script>\
                    <script type=\"module\">b()</script>";
        assert_eq!(inline_scripts(html).collect::<Vec<_>>(), ["a()", "b()"]);
    }
}
