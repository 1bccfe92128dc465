//! Pusher Channels, protocol 7. Source: spec/pusher.md §2 to §4.

use super::{Control, Dialect, first_said};
use crate::apps::App;

pub struct Pusher {
    pub apps: Vec<App>,
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
        first_said(
            text,
            &[
                ("pusher_internal:subscription_succeeded", Control::Subscribed),
                ("pusher:connection_established", Control::Greeting),
                ("pusher:ping", Control::Ping),
                ("pusher:error", Control::Refusal),
                ("pusher:subscription_error", Control::Refusal),
            ],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Control, Name, tests::check_frames},
        *,
    };

    #[test]
    fn frames_are_told_apart() {
        check_frames(
            Name::Pusher,
            &[
                (r#"{"event":"pusher:connection_established","data":"{}"}"#, Control::Greeting),
                (
                    r#"{"event":"pusher_internal:subscription_succeeded","channel":"c0","data":"{}"}"#,
                    Control::Subscribed,
                ),
                (r#"{"event":"pusher:ping","data":{}}"#, Control::Ping),
                (r#"{"event":"pusher:error","data":{"code":4001}}"#, Control::Refusal),
                (r#"{"event":"m","channel":"c0","data":"x"}"#, Control::Other),
            ],
        );
    }

    #[test]
    fn the_path_names_the_app_and_the_protocol() {
        let target = Pusher { apps: vec![App::nth(0), App::nth(1)] }.socket_target(1);
        assert!(target.starts_with("/app/bench-key-1?protocol=7&"), "{target}");
    }
}
