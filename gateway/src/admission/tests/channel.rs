//! Source: spec/pusher.md §13.

use super::*;
use crate::admission::{BadSignature, channel_signature, user_signature};

const MEMBER: &str = r#"{"user_id":"user-123","user_info":{"name":"Blue"}}"#;
const SPACED: &str = r#"{"user_id": "user-123", "user_info": {"name": "Blue"}}"#;
const P_KEY: &str = "278d425bdf160c739803";
const P_SECRET: &str = "7ad3773142a6692b25b8";

struct Vector {
    app: (&'static str, &'static str),
    socket: &'static str,
    channel: &'static str,
    data: Option<&'static str>,
    signature: &'static str,
}

const VECTORS: [Vector; 6] = [
    Vector {
        app: (KEY, SECRET),
        socket: "1234.5678",
        channel: "private-room.42",
        data: None,
        signature: "38f2c8148d47b6f964bb096bdeca8a281bb198b4fcd98981c025cd92ced803f7",
    },
    Vector {
        app: (KEY, SECRET),
        socket: "1234.5678",
        channel: "private-encrypted-room.7",
        data: None,
        signature: "9686ea7cb952e2fdd12ed216f60bb45dcfb9068809d029f52a40ea2f8cc15e58",
    },
    Vector {
        app: (KEY, SECRET),
        socket: "1234.5678",
        channel: "presence-room.1",
        data: Some(MEMBER),
        signature: "7a3f4bc5ad25865df155bba4e5214d6a9cdef70fb2c98082a28070daa5cb9723",
    },
    Vector {
        app: (KEY, SECRET),
        socket: "1234.5678",
        channel: "presence-room.1",
        data: Some(SPACED),
        signature: "cf23cbf5023b915e0cbbd7b7c88a7a9ffa8c5f2a6448176f6cd5f07ce91f7f07",
    },
    Vector {
        app: (P_KEY, P_SECRET),
        socket: "1234.1234",
        channel: "private-foobar",
        data: None,
        signature: "58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4",
    },
    Vector {
        app: (P_KEY, P_SECRET),
        socket: "1234.1234",
        channel: "presence-foobar",
        data: Some(r#"{"user_id":10,"user_info":{"name":"Mr. Channels"}}"#),
        signature: "31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80",
    },
];

fn flipped(signature: &str) -> String {
    let mut bytes = hex::decode(signature).unwrap();
    bytes[31] ^= 1;
    hex::encode(bytes)
}

fn given_state(app: (&str, &str)) -> std::sync::Arc<crate::directory::AppState> {
    let directory = Directory::new(master());
    given_app(&directory, app_record("1", &[app, ("second_key", "second_secret")]));
    directory.app_by_key(app.0).expect("known").state()
}

#[test]
fn the_sheets_signatures_let_in_and_one_flipped_bit_does_not() {
    for Vector { app, socket, channel, data, signature } in VECTORS {
        let (state, socket) = (given_state(app), socket.parse().unwrap());
        let check = |auth: &str, data| channel_signature(&state, socket, channel, auth, data);
        assert_eq!(check(&format!("{}:{signature}", app.0), data), Ok(()), "{channel}");
        let flipped = format!("{}:{}", app.0, flipped(signature));
        assert_eq!(check(&flipped, data), Err(BadSignature::Mismatch), "{channel}");
    }
}

#[test]
fn the_sheets_sign_ins_are_accepted() {
    for (app, socket, data, signature) in [
        (
            (KEY, SECRET),
            "1234.5678",
            r#"{"id":"user-123","user_info":{"name":"Blue"},"watchlist":["user-456","user-789"]}"#,
            "540ba8f012e35de985e03f505f1513617fc06d2ed8064a2269d964a4b97ba0ee",
        ),
        (
            (P_KEY, P_SECRET),
            "1234.1234",
            r#"{"id":"12345"}"#,
            "4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba",
        ),
    ] {
        let (state, socket) = (given_state(app), socket.parse().unwrap());
        let check = |auth: &str| user_signature(&state, socket, data, auth);
        assert_eq!(check(&format!("{}:{signature}", app.0)), Ok(()), "{data}");
        assert_eq!(
            check(&format!("{}:{}", app.0, flipped(signature))),
            Err(BadSignature::Mismatch)
        );
        let other = "1234.5679".parse().unwrap();
        let stolen = user_signature(&state, other, data, &format!("{}:{signature}", app.0));
        assert_eq!(stolen, Err(BadSignature::Mismatch), "another socket");
    }
}

#[test]
fn only_the_one_form_of_auth_is_read() {
    let (state, socket) = (given_state((KEY, SECRET)), "1234.5678".parse().unwrap());
    let right = VECTORS[0].signature;
    for (auth, expected) in [
        (format!("{KEY}:{right}"), Ok(())),
        (format!("{KEY}:{}", right.to_uppercase()), Err(BadSignature::Form)),
        (format!("{KEY}:{}", &right[..63]), Err(BadSignature::Form)),
        (format!("{KEY}:{right}0"), Err(BadSignature::Form)),
        (format!(":{right}"), Err(BadSignature::EmptyKey)),
        (right.to_owned(), Err(BadSignature::Form)),
        (String::new(), Err(BadSignature::Form)),
        (format!("nobody:{right}"), Err(BadSignature::Mismatch)),
        (format!("second_key:{right}"), Err(BadSignature::Mismatch)),
    ] {
        let answer = channel_signature(&state, socket, "private-room.42", &auth, None);
        assert_eq!(answer, expected, "{auth}");
    }
}

#[test]
fn extra_data_may_be_signed_except_on_presence_where_it_must() {
    let (state, socket) = (given_state((KEY, SECRET)), "1234.5678".parse().unwrap());
    let sign = |text: &str| {
        let key = state.credential(KEY).expect("active").signing_key();
        format!("{KEY}:{}", hex::encode(key.sign(&[text.as_bytes()])))
    };
    for (channel, signed_data, sent_data, fits) in [
        ("private-a", None, Some("{}"), true),
        ("private-a", Some("{}"), Some("{}"), true),
        ("private-a", Some("{}"), Some("{ }"), false),
        ("private-a", Some("{}"), None, false),
        ("presence-a", Some("{}"), Some("{}"), true),
        ("presence-a", None, Some("{}"), false),
        ("presence-cache-a", None, Some("{}"), false),
    ] {
        let data = signed_data.map(|data| format!(":{data}")).unwrap_or_default();
        let auth = sign(&format!("1234.5678:{channel}{data}"));
        let answer = channel_signature(&state, socket, channel, &auth, sent_data);
        let expected = if fits { Ok(()) } else { Err(BadSignature::Mismatch) };
        assert_eq!(answer, expected, "{channel} {signed_data:?} {sent_data:?}");
    }
}
