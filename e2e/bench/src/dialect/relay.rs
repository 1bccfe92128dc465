//! Relay, as its JavaScript client speaks it. Source: spec/relay.md §4.

use super::{Control, Dialect, first_said};
use crate::apps::App;

pub struct Relay {
    pub apps: Vec<App>,
}

impl Dialect for Relay {
    fn socket_target(&self, app: u32) -> String {
        format!("/app/{}", self.apps[app as usize].key)
    }

    fn subscribe(&self, channel: u32) -> String {
        format!(r#"{{"event":"relay:subscribe","data":"{{\"channel\":\"c{channel}\"}}"}}"#)
    }

    fn read(&self, text: &[u8]) -> Control {
        first_said(
            text,
            &[
                ("relay:subscription_succeeded", Control::Subscribed),
                ("relay:connection_established", Control::Greeting),
                ("relay:error", Control::Refusal),
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
            Name::Relay,
            &[
                (
                    r#"{"event":"relay:connection_established","data":{"socket_id":"1.2","activity_timeout":120}}"#,
                    Control::Greeting,
                ),
                (
                    r#"{"event":"relay:subscription_succeeded","channel":"c0","data":{}}"#,
                    Control::Subscribed,
                ),
                (r#"{"event":"relay:error","data":{"code":4009,"message":"x"}}"#, Control::Refusal),
                (r#"{"event":"m","channel":"c0","data":"x"}"#, Control::Other),
            ],
        );
    }

    #[test]
    fn the_path_has_no_query_that_would_make_it_pusher() {
        let target = Relay { apps: vec![App::nth(0)] }.socket_target(0);
        assert_eq!(target, "/app/bench-key-0");
    }
}
