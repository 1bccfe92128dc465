//! Publishes: signed requests of the Pusher family's HTTP API, whatever dialect is listening, so
//! that dialects differ by what hearing costs and by nothing else.

use crate::{
    apps::App,
    sys::clock::unix_seconds,
    wire::{
        Stamp,
        signature::{Signer, append_md5_hex},
    },
};
use std::io::Write;

/// One message to publish.
pub struct Post {
    pub app: u32,
    pub channel: u32,
    pub stamp: Stamp,
    pub data_bytes: usize,
}

pub struct Posts {
    apps: Vec<Prepared>,
    host: String,
    body: Vec<u8>,
}

/// What of an app's requests never changes.
struct Prepared {
    key: String,
    path: String,
    signer: Signer,
}

/// Writing to memory cannot fail.
macro_rules! append {
    ($out:expr, $($text:tt)*) => {
        write!($out, $($text)*).unwrap_or_else(|e| unreachable!("{e}"))
    };
}

impl Posts {
    pub fn new(apps: &[App], host: &str) -> Self {
        let prepare = |app: &App| Prepared {
            key: app.key.clone(),
            path: format!("/apps/{}/events", app.id),
            signer: Signer::new(&app.secret),
        };
        let apps = apps.iter().map(prepare).collect();
        Self { apps, host: host.to_owned(), body: Vec::new() }
    }

    /// Appends a whole request to `out`.
    pub fn append(&mut self, post: &Post, out: &mut Vec<u8>) {
        let app = &self.apps[post.app as usize];
        self.body.clear();
        append!(self.body, r#"{{"name":"m","channel":"c{}","data":""#, post.channel);
        post.stamp.append(&mut self.body, post.data_bytes);
        self.body.extend_from_slice(br#""}"#);

        append!(out, "POST {}?", app.path);
        let query_from = out.len();
        append!(out, "auth_key={}&auth_timestamp={}", app.key, unix_seconds());
        out.extend_from_slice(b"&auth_version=1.0&body_md5=");
        append_md5_hex(out, &self.body);
        app.signer.append(app.path.as_bytes(), out, query_from);
        append!(
            out,
            " HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.host,
            self.body.len()
        );
        out.extend_from_slice(&self.body);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::http;

    #[test]
    fn a_publish_is_a_whole_signed_request() {
        let stamp = Stamp { stream: 3, sequence: 9, sent_ns: 5 };
        let mut out = Vec::new();
        Posts::new(&[App::nth(0), App::nth(1)], "127.0.0.1:1")
            .append(&Post { app: 1, channel: 42, stamp, data_bytes: 64 }, &mut out);
        let head = http::head_length(&out).expect("a head");
        let (head, body) = out.split_at(head);
        assert_eq!(http::content_length(head), Some(body.len()));
        assert!(body.starts_with(br#"{"name":"m","channel":"c42","data":""#));
        assert_eq!(Stamp::find(body, &mut 0), Some(stamp));
        let target = head.split(|b| *b == b' ').nth(1).expect("a target");
        let query = target.strip_prefix(b"/apps/100001/events?").expect("the app's path");
        let signer = Signer::new(&App::nth(1).secret);
        assert!(signer.accepts(b"/apps/100001/events", query, body));
    }
}
