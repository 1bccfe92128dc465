//! AnyCable in both its JSON subprotocols, on public streams. Source: spec/anycable.md §5 and §6.
//!
//! Its clients are pinged in text every 3 seconds; that is part of what it costs.

use super::{Control, Dialect, first_said};
use crate::apps::App;

pub const BASE: &str = "actioncable-v1-json";
pub const EXT: &str = "actioncable-v1-ext-json";

pub struct AnyCable {
    pub apps: Vec<App>,
    pub subprotocol: &'static str,
}

impl Dialect for AnyCable {
    fn socket_target(&self, app: u32) -> String {
        format!("/apps/{}/cable", self.apps[app as usize].key)
    }

    fn subprotocol(&self) -> Option<&'static str> {
        Some(self.subprotocol)
    }

    fn subscribe(&self, channel: u32) -> String {
        format!(
            r#"{{"command":"subscribe","identifier":"{{\"channel\":\"$pubsub\",\"stream_name\":\"c{channel}\"}}"}}"#
        )
    }

    fn read(&self, text: &[u8]) -> Control {
        first_said(
            text,
            &[
                (r#""type":"welcome""#, Control::Greeting),
                (r#""type":"confirm_subscription""#, Control::Subscribed),
                (r#""type":"reject_subscription""#, Control::Refusal),
                (r#""type":"disconnect""#, Control::Refusal),
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
        for name in [Name::Anycable, Name::AnycableExt] {
            check_frames(
                name,
                &[
                    (r#"{"type":"welcome","sid":"pconpOF0JVn7vUEvTvCLd"}"#, Control::Greeting),
                    (
                        r#"{"type":"confirm_subscription","identifier":"{\"channel\":\"$pubsub\",\"stream_name\":\"c0\"}"}"#,
                        Control::Subscribed,
                    ),
                    (r#"{"type":"reject_subscription","identifier":"{}"}"#, Control::Refusal),
                    (
                        r#"{"type":"disconnect","reason":"unauthorized","reconnect":false}"#,
                        Control::Refusal,
                    ),
                    (r#"{"type":"ping","message":1795231913}"#, Control::Other),
                ],
            );
        }
    }

    #[test]
    fn each_subprotocol_is_offered_by_its_name() {
        let offered = |name: Name| name.dialect(vec![App::nth(0)]).subprotocol();
        assert_eq!(offered(Name::Anycable), Some("actioncable-v1-json"));
        assert_eq!(offered(Name::AnycableExt), Some("actioncable-v1-ext-json"));
        assert_eq!(offered(Name::Pusher), None);
    }
}
