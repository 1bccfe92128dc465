//! Pusher Channels, protocol 7, with signed publishes over HTTP.

use super::{Control, Dialect, Post};
use crate::{
    apps::App,
    sys::clock::unix_seconds,
    wire::signature::{Signer, append_md5_hex},
};
use memchr::memmem;
use std::io::Write;

pub struct Pusher {
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

impl Pusher {
    pub fn new(apps: &[App], host: &str) -> Self {
        let prepare = |app: &App| Prepared {
            key: app.key.clone(),
            path: format!("/apps/{}/events", app.id),
            signer: Signer::new(&app.secret),
        };
        let apps = apps.iter().map(prepare).collect();
        Self { apps, host: host.to_owned(), body: Vec::new() }
    }
}

/// Writing to memory cannot fail.
macro_rules! append {
    ($out:expr, $($text:tt)*) => {
        write!($out, $($text)*).unwrap_or_else(|e| unreachable!("{e}"))
    };
}

impl Dialect for Pusher {
    fn socket_target(&self, app: u32) -> String {
        let key = &self.apps[app as usize].key;
        format!("/app/{key}?protocol=7&client=signalbox-bench&version=1.0")
    }

    fn subscribe(&self, channel: u32) -> String {
        format!(r#"{{"event":"pusher:subscribe","data":{{"channel":"c{channel}"}}}}"#)
    }

    fn pong(&self) -> &'static str {
        r#"{"event":"pusher:pong","data":{}}"#
    }

    fn read(&self, text: &[u8]) -> Control {
        let says = |event: &str| memmem::find(text, event.as_bytes()).is_some();
        if says("pusher_internal:subscription_succeeded") {
            Control::Subscribed
        } else if says("pusher:connection_established") {
            Control::Greeting
        } else if says("pusher:ping") {
            Control::Ping
        } else if says("pusher:error") || says("pusher:subscription_error") {
            Control::Refusal
        } else {
            Control::Other
        }
    }

    fn publish(&mut self, post: &Post, out: &mut Vec<u8>) {
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
    use crate::wire::{Stamp, http};

    fn pusher() -> Pusher {
        Pusher::new(&[App::nth(0), App::nth(1)], "127.0.0.1:1")
    }

    #[test]
    fn frames_are_told_apart() {
        let check = |text: &str, expected| {
            assert_eq!(pusher().read(text.as_bytes()), expected, "{text}");
        };
        check(r#"{"event":"pusher:connection_established","data":"{}"}"#, Control::Greeting);
        check(
            r#"{"event":"pusher_internal:subscription_succeeded","channel":"c0","data":"{}"}"#,
            Control::Subscribed,
        );
        check(r#"{"event":"pusher:ping","data":{}}"#, Control::Ping);
        check(r#"{"event":"pusher:error","data":{"code":4001}}"#, Control::Refusal);
        check(r#"{"event":"m","channel":"c0","data":"x"}"#, Control::Other);
    }

    #[test]
    fn a_publish_is_a_whole_signed_request() {
        let stamp = Stamp { stream: 3, sequence: 9, sent_ns: 5 };
        let mut out = Vec::new();
        pusher().publish(&Post { app: 1, channel: 42, stamp, data_bytes: 64 }, &mut out);
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
