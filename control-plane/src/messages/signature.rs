//! The signed query of the Pusher HTTP API. Source: spec/pusher.md §15.

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha2::Sha256;

/// A request to sign: everything that the signature covers.
pub struct Request<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub query: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

/// The whole query, signed: the request's own parameters and the five of the signature.
pub fn sign(
    request: &Request<'_>,
    key: &str,
    secret: &str,
    unix_seconds: i64,
) -> Vec<(String, String)> {
    let mut query: Vec<(String, String)> = vec![
        ("auth_key".into(), key.into()),
        ("auth_timestamp".into(), unix_seconds.to_string()),
        ("auth_version".into(), "1.0".into()),
    ];
    if !request.body.is_empty() {
        query.push(("body_md5".into(), hex::encode(Md5::digest(request.body))));
    }
    query.extend(request.query.iter().map(|(k, v)| (k.to_lowercase(), (*v).to_owned())));
    query.sort();
    let joined: Vec<String> = query.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let text = format!("{}\n{}\n{}", request.method, request.path, joined.join("&"));
    query.push(("auth_signature".into(), mac(secret, &text)));
    query
}

/// HMAC-SHA256 of a text, in lower-case hex.
pub fn mac(secret: &str, text: &str) -> String {
    // HMAC takes keys of any length.
    Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map(|m| hex::encode(m.chain_update(text.as_bytes()).finalize().into_bytes()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sheet's credentials and time, §15.3 and §15.4.
    #[track_caller]
    fn check(request: Request<'_>, expected: &str) {
        let signed = sign(&request, "vk_demo_7d3c1f0a", SECRET, 1_760_000_000);
        let (name, signature) = signed.last().unwrap();
        assert_eq!((name.as_str(), signature.as_str()), ("auth_signature", expected));
    }

    const SECRET: &str = "s3cr3t-demo-4f9b8e21";

    #[test]
    fn the_sheets_vectors_hold() {
        let body =
            br#"{"name":"message.created","channels":["private-room.42"],"data":"{\"body\":\"hello\"}"}"#;
        check(
            Request { method: "POST", path: "/apps/100042/events", query: &[], body },
            "f20cc2b974e3b93849267e27c5b9213cf2335081cfe65b7efe3b85ba35f61269",
        );
        let query = [("filter_by_prefix", "presence-"), ("info", "user_count")];
        check(
            Request { method: "GET", path: "/apps/100042/channels", query: &query, body: b"" },
            "342d540687e4eee08fbed853b49ec64043e55abc7d27e92e38a219656622c994",
        );
        check(
            Request {
                method: "GET",
                path: "/apps/100042/channels/presence-room.1/users",
                query: &[],
                body: b"",
            },
            "fe88d2d8c9c71fd5990dfcf11f978318b780c10aca25212077596077be7844fd",
        );
    }
}
