//! The query of `/cable`. Source: spec/anycable.md §5.1.

use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// All of it is optional, and empty is absent. Of a parameter given twice the first counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query<'a> {
    pub jid: Option<Cow<'a, str>>,
    pub sid: Option<Cow<'a, str>>,
    pub pi: Option<Cow<'a, str>>,
    pub ptp: Option<Cow<'a, str>>,
}

impl<'a> Query<'a> {
    pub fn read(raw: &'a str) -> Self {
        let mut query = Self::default();
        for (name, value) in raw.split('&').filter_map(|pair| pair.split_once('=')) {
            let slot = match name {
                "jid" => &mut query.jid,
                "sid" => &mut query.sid,
                "pi" => &mut query.pi,
                "ptp" => &mut query.ptp,
                _ => continue,
            };
            if let Ok(value) = percent_decode_str(value).decode_utf8()
                && !value.is_empty()
            {
                slot.get_or_insert(value);
            }
        }
        query
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_once_decoded_and_never_empty() {
        let query = Query::read("jid=a%2Eb.c&sid=&pi=5&ptp=ms&other=1&jid=second&flag");
        assert_eq!(query.jid.as_deref(), Some("a.b.c"));
        assert_eq!(query.sid, None);
        assert_eq!((query.pi.as_deref(), query.ptp.as_deref()), (Some("5"), Some("ms")));
        assert_eq!(Query::read(""), Query::default());
        assert_eq!(Query::read("jid=%ff"), Query::default());
    }
}
