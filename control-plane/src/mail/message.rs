//! From a mail to the bytes that travel.

use super::Mail;
use lettre::{
    Message,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue},
    },
};
use uuid::Uuid;

/// Longer subjects are cut.
const SUBJECT_CHARS: usize = 200;

/// Errors: the address is not one that mail can be sent to.
pub fn compose(from: &Mailbox, mail: &Mail) -> Result<Message, String> {
    let to = mail.to.as_str().parse().map_err(|e| format!("the address cannot take mail: {e}"))?;
    let message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(subject(&mail.subject))
        .message_id(Some(format!("<{}@{}>", Uuid::new_v4(), from.email.domain())))
        // So that no absence notice answers a machine (RFC 3834).
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".into(),
        ));
    let composed = match &mail.html {
        Some(html) => {
            let parts = MultiPart::alternative_plain_html(mail.text.clone(), html.clone());
            message.multipart(parts)
        }
        None => message.singlepart(SinglePart::plain(mail.text.clone())),
    };
    composed.map_err(|e| e.to_string())
}

/// One line, whatever somebody named their organisation.
fn subject(raw: &str) -> String {
    let clean = raw.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(SUBJECT_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::model::EmailAddress;

    fn mail(subject: &str) -> Mail {
        Mail {
            to: EmailAddress::try_from("ann@example.com".to_owned()).unwrap(),
            subject: subject.into(),
            text: "Hello".into(),
            html: None,
        }
    }

    #[track_caller]
    fn headers(subject: &str) -> String {
        let from = "Signalbox <no-reply@example.com>".parse().unwrap();
        let bytes = compose(&from, &mail(subject)).unwrap().formatted();
        let text = String::from_utf8(bytes).unwrap();
        text.split("\r\n\r\n").next().unwrap().to_owned()
    }

    #[test]
    fn a_subject_cannot_become_another_header() {
        for raw in
            ["Hi\r\nBcc: eve@evil.test", "Hi\nBcc: eve@evil.test", "Hi\rBcc: e", "é\r\nBcc: x"]
        {
            let headers = headers(raw);
            assert!(!headers.contains("\nBcc"), "{headers}");
            assert_eq!(headers.matches("Subject: ").count(), 1, "{headers}");
        }
        assert!(headers(&"x".repeat(5000)).len() < 1200);
    }

    #[test]
    fn machines_do_not_answer_it() {
        let headers = headers("Hi");
        assert!(headers.contains("Auto-Submitted: auto-generated"), "{headers}");
        assert!(headers.contains("@example.com>") && headers.contains("Date: "), "{headers}");
    }
}
