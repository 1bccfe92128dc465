//! Who somebody is on a presence channel: read from `channel_data`, written into answers.

use crate::dialects::json::{self, Kind, Value, push_escaped};
use contract::UserId;
use realtime::Member;
use std::{borrow::Cow, sync::Arc};

/// Why `channel_data` names nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMemberData {
    #[error("channel_data: {0}")]
    NotJson(#[from] json::NotJson),
    #[error("channel_data: {0}")]
    Member(#[from] json::BadMember),
    #[error("channel_data must be a JSON object")]
    NotAnObject,
    #[error("channel_data must have a user_id or id that is a string or a number")]
    NoId,
    #[error("channel_data: the id {0}")]
    Id(contract::BadId),
    #[error("user_info must be at most {max} bytes")]
    InfoTooLarge { max: usize },
}

/// `user_id`, else `id`, in the JSON type it was given; and `user_info`, kept byte for byte.
/// Source: spec/relay.md §3.
pub fn read(channel_data: &str, max_info_bytes: usize) -> Result<Member, BadMemberData> {
    let data = json::parse(channel_data)?;
    if data.kind() != Kind::Object {
        return Err(BadMemberData::NotAnObject);
    }
    let [user_id, id, info] = data.pick(["user_id", "id", "user_info"])?;
    let id = user_id.or(id).ok_or(BadMemberData::NoId)?;
    let (text, id_is_number) = match id.kind() {
        Kind::String => (id.as_str().unwrap_or_default(), false),
        Kind::Number => (Cow::Borrowed(id.as_text()), true),
        _ => return Err(BadMemberData::NoId),
    };
    let user: UserId = text.parse().map_err(BadMemberData::Id)?;
    let info = info.map(Value::as_text);
    if info.is_some_and(|info| info.len() > max_info_bytes) {
        return Err(BadMemberData::InfoTooLarge { max: max_info_bytes });
    }
    Ok(Member { user, id_is_number, info: info.map(Arc::from) })
}

/// The id in the JSON type it came in: clients compare `1` and `"1"` as two.
/// Source: spec/relay.md §10, trap 5.
pub fn push_id(out: &mut String, member: &Member) {
    match member.id_is_number {
        true => out.push_str(member.user.as_str()),
        false => push_text(out, member.user.as_str()),
    }
}

pub fn push_text(out: &mut String, text: &str) {
    out.push('"');
    push_escaped(out, text);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(data: &str) -> Result<String, String> {
        let member = read(data, 20).map_err(|e| e.to_string())?;
        let mut id = String::new();
        push_id(&mut id, &member);
        Ok(format!("{id} {}", member.info.as_deref().unwrap_or("-")))
    }

    #[test]
    fn ids_keep_their_json_type_and_info_its_bytes() {
        for (data, expected) in [
            (r#"{"user_id":1,"user_info":{"name":"One"}}"#, r#"1 {"name":"One"}"#),
            (r#"{"user_id":"1"}"#, r#""1" -"#),
            (r#"{"id":"u2","user_info": { "a" : 1 } }"#, r#""u2" { "a" : 1 }"#),
            (r#"{"id":2,"user_id":1}"#, "1 -"),
            (r#"{"id":2,"user_id":null}"#, "2 -"),
            (r#"{"user_id":9007199254740993}"#, "9007199254740993 -"),
            (r#"{"user_id":-1.5}"#, "-1.5 -"),
            (r#"{"user_id":"a\"b"}"#, r#""a\"b" -"#),
        ] {
            assert_eq!(show(data).as_deref(), Ok(expected), "{data}");
        }
    }

    #[test]
    fn who_has_no_id_is_nobody() {
        let no_id = "channel_data must have a user_id or id that is a string or a number";
        for (data, expected) in [
            ("{}", no_id),
            (r#"{"user_id":true}"#, no_id),
            (r#"{"user_id":{"a":1}}"#, no_id),
            (r#"{"user_id":[1]}"#, no_id),
            (r#"{"user_id":null}"#, no_id),
            ("[]", "channel_data must be a JSON object"),
            ("1", "channel_data must be a JSON object"),
            ("", "channel_data: syntax error at byte 0"),
            (r#"{"user_id":1,"user_id":2}"#, "channel_data: user_id is given twice"),
            (r#"{"user_id":""}"#, "channel_data: the id must be 1 to 128 bytes long, is 0"),
            (
                r#"{"user_id":1,"user_info":"0123456789012345678"}"#,
                "user_info must be at most 20 bytes",
            ),
        ] {
            assert_eq!(show(data), Err(expected.to_owned()), "{data}");
        }
        assert!(read(&format!(r#"{{"user_id":"{}"}}"#, "u".repeat(129)), 20).is_err());
    }
}
