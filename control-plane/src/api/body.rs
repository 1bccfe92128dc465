//! JSON bodies, read strictly: type, size, syntax, members, in that order.

use super::error::{ApiError, FieldError};
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web::BytesMut};
use futures_util::StreamExt;
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{
    future::{Ready, ready},
    time::Duration,
};
use tokio::time::{Instant, timeout_at};

/// Largest body of a management request, bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// A body must have arrived after this.
const PATIENCE: Duration = Duration::from_secs(5);

/// A body that was not read yet. A handler reads it once it knows who is asking, so a stranger
/// costs no memory and learns nothing from how their body is refused.
pub struct Body {
    head: Result<(), ApiError>,
    announced_bytes: Option<usize>,
    /// Neither a length nor a transfer encoding was announced.
    absent: bool,
    payload: Payload,
}

/// A body that was exactly one JSON value of type `T`.
pub struct StrictJson<T> {
    pub value: T,
    /// SHA-256 of the bytes as received: tells a retry from another request.
    pub digest: [u8; 32],
}

/// What a request says that has nothing to say.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl Body {
    pub async fn json<T: DeserializeOwned>(self) -> Result<StrictJson<T>, ApiError> {
        self.json_up_to(MAX_BODY_BYTES).await
    }

    /// For the rare body that may be longer, or must be shorter, than others.
    pub async fn json_up_to<T: DeserializeOwned>(
        self,
        limit: usize,
    ) -> Result<StrictJson<T>, ApiError> {
        let bytes = self.read(limit).await?;
        Ok(StrictJson { value: parse(&bytes)?, digest: Sha256::digest(&bytes).into() })
    }

    /// For requests that have nothing to say: no body at all is as good as `{}`.
    pub async fn json_or_empty<T: DeserializeOwned + Default>(
        self,
    ) -> Result<StrictJson<T>, ApiError> {
        if self.absent {
            return Ok(StrictJson { value: T::default(), digest: Sha256::digest(b"").into() });
        }
        self.json().await
    }

    async fn read(mut self, limit: usize) -> Result<BytesMut, ApiError> {
        self.head?;
        if self.announced_bytes.is_some_and(|bytes| bytes > limit) {
            return Err(ApiError::TooLarge { limit });
        }
        let mut body = BytesMut::new();
        let late = Instant::now() + PATIENCE;
        while let Some(chunk) =
            timeout_at(late, self.payload.next()).await.map_err(|_| ApiError::BodyTimeout)?
        {
            let chunk = chunk.map_err(|e| ApiError::MalformedJson(e.to_string()))?;
            if body.len() + chunk.len() > limit {
                return Err(ApiError::TooLarge { limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

impl FromRequest for Body {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let empty = headers.get(header::CONTENT_LENGTH).is_none_or(|v| v.as_bytes() == b"0");
        let absent = empty && !headers.contains_key(header::TRANSFER_ENCODING);
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok());
        let announced_bytes = announced.and_then(|v| v.parse().ok());
        let head = check_head(request);
        ready(Ok(Self { head, announced_bytes, absent, payload: payload.take() }))
    }
}

fn check_head(request: &HttpRequest) -> Result<(), ApiError> {
    let headers = request.headers();
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(ApiError::UnsupportedMediaType("compressed bodies are not accepted"));
    }
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let content_type = content_type.unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(ApiError::UnsupportedMediaType("the body must be application/json"));
    }
    Ok(())
}

/// Syntax errors are 400; a value of the wrong shape is 422 and names the member.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // Every body here is an object; serde alone would take an array for one as well.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(ApiError::field("body", "must be an object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|e| {
        let path = e.path().to_string();
        let inner = e.into_inner();
        match inner.is_data() {
            true => ApiError::Invalid(vec![field_error(path, &inner.to_string())]),
            false => ApiError::MalformedJson(inner.to_string()),
        }
    })?;
    reader.end().map_err(|e| ApiError::MalformedJson(e.to_string()))?;
    Ok(value)
}

/// Names the member, also where the parser names it only in its text, and leaves out where in the
/// text it stood: a form cannot show that.
fn field_error(path: String, text: &str) -> FieldError {
    let message = text.split(" at line ").next().unwrap_or(text).to_owned();
    let named = ["missing field `", "duplicate field `"]
        .iter()
        .find_map(|start| message.strip_prefix(start)?.split('`').next());
    let field = match (path.as_str(), named) {
        (".", Some(name)) => name.to_owned(),
        (".", None) => "body".to_owned(),
        (parent, Some(name)) => format!("{parent}.{name}"),
        (_, None) => path,
    };
    FieldError { field, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Named {
        #[allow(dead_code, reason = "only its parsing is under test")]
        name: String,
    }

    #[track_caller]
    fn check(body: &str, expected: &str) {
        let got = match parse::<Named>(body.as_bytes()) {
            Ok(_) => "ok".to_owned(),
            Err(ApiError::MalformedJson(_)) => "malformed".to_owned(),
            Err(ApiError::Invalid(errors)) => errors[0].field.clone(),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(got, expected, "{body:.60}");
    }

    #[test]
    fn a_body_is_exactly_one_value_of_the_expected_shape() {
        check(r#"{"name":"a"}"#, "ok");
        check(" {\"name\":\"a\"}\n", "ok");
        check(r#"{"name":"a"} x"#, "malformed");
        check(r#"{"name":"a"}{}"#, "malformed");
        check(r#"{"name":"#, "malformed");
        check("", "malformed");
        check(r#"{"name":"\ud800"}"#, "malformed");
        check(r#"{"name":1}"#, "name");
        check(r#"{"name":null}"#, "name");
        check(r#"{"name":"a","name":"b"}"#, "name");
        check(r#"{"name":"a","extra":1}"#, "extra");
        check(r#"{}"#, "name");
        check(r#""text""#, "body");
        check(r#"["a"]"#, "body");
        check(&"[".repeat(100_000), "body");
        check(&r#"{"name":"#.repeat(20_000), "name");
    }
}
