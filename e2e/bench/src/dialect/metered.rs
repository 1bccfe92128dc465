//! Metered, with a publishable key that may subscribe and nothing else. Source: spec/metered.md
//! §4 and §5.
//!
//! Each subscriber is a member of its channel, as always in this dialect; without the right to
//! presence it is not told of the others, or a thousand of them would open with half a million
//! frames.

use super::{Control, Dialect, first_said};
use crate::apps::App;

pub struct Metered {
    pub apps: Vec<App>,
}

impl Dialect for Metered {
    fn socket_target(&self, app: u32) -> String {
        format!("/v1?key={}", self.apps[app as usize].publishable_key)
    }

    fn subscribe(&self, channel: u32) -> String {
        format!(r#"{{"type":"subscribe","channel":"c{channel}","requestId":"s"}}"#)
    }

    fn read(&self, text: &[u8]) -> Control {
        first_said(
            text,
            &[
                (r#""type":"welcome""#, Control::Greeting),
                (r#""type":"ack""#, Control::Subscribed),
                (r#""type":"error""#, Control::Refusal),
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
            Name::Metered,
            &[
                (
                    r#"{"type":"welcome","peerId":"u","expiresAt":null,"serverTime":1,"maxMessageSize":65536}"#,
                    Control::Greeting,
                ),
                (r#"{"type":"ack","requestId":"s"}"#, Control::Subscribed),
                (
                    r#"{"type":"error","requestId":"s","code":"channel_not_authorized"}"#,
                    Control::Refusal,
                ),
                (r#"{"type":"presence","channel":"c0","joined":[],"left":[]}"#, Control::Other),
            ],
        );
    }

    #[test]
    fn the_key_is_one_that_may_stand_in_a_url() {
        let target = Metered { apps: vec![App::nth(0)] }.socket_target(0);
        assert_eq!(target, "/v1?key=pk_bench-0");
        assert!(App::nth(0).publishable_key.parse::<contract::PublishableKey>().is_ok());
    }
}
