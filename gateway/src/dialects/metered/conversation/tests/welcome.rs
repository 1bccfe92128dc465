use super::talk::{ONE, Talk};
use crate::dialects::Seldom;

fn greeting(talk: &mut Talk) -> Vec<String> {
    talk.hear(|c, cx, out| c.greeting(cx, out))
}

#[test]
fn the_first_frame_is_the_welcome_and_the_peer_can_be_sent_to_before_it() {
    let mut talk = Talk::new();
    let welcome = r#"{"type":"welcome","peerId":"u_1","expiresAt":4102444800,"serverTime":1715535600,"maxMessageSize":65536}"#;
    assert_eq!(greeting(&mut talk), ["sign in u_1", welcome]);
    let own = talk.let_in_with("#server-to-user-u_1", None, realtime::CacheAnswer::NotACache);
    assert_eq!(own, ["hear #server-to-user-u_1"]);
    assert_eq!(talk.conversation.signed_in_as().map(|user| user.as_str()), Some("u_1"));
}

#[test]
fn a_publishable_keys_welcome_has_an_expiry_that_is_null() {
    let welcome = r#"{"type":"welcome","peerId":"a-uuid","expiresAt":null,"serverTime":1715535600,"maxMessageSize":65536}"#;
    assert_eq!(greeting(&mut Talk::with_key(|_| {})), ["sign in a-uuid", welcome]);
}

#[test]
fn private_metadata_goes_to_its_owner_and_what_others_may_know_does_not() {
    let claims = r#"{"sub":"u_1","exp":4102444800,"metadata":{"a":1},"peerMetadata":{"b":2}}"#;
    let said = greeting(&mut Talk::with_token(|_| {}, claims));
    assert_eq!(said[0], r#"sign in u_1 {"b":2}"#);
    assert!(said[1].ends_with(r#""maxMessageSize":65536,"metadata":{"a":1}}"#), "{said:?}");
}

#[test]
fn what_is_promised_is_what_is_taken() {
    let mut talk = Talk::with_token(|records| records.app.limits.max_payload_bytes = 1_024, ONE);
    assert!(greeting(&mut talk)[1].contains(r#""maxMessageSize":1024"#));
    for configured in [1_024, 1 << 20] {
        assert_eq!(talk.conversation.max_inbound(configured), 1_024 + 2_048);
    }
}
