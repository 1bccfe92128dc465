//! Where mail goes: an SMTP server, or a folder while developing.

use lettre::{
    message::Mailbox,
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use std::path::PathBuf;

/// Checked. It holds a password, so it has no `Debug`.
#[derive(Clone)]
pub struct MailSettings {
    pub from: Mailbox,
    pub way: Way,
}

#[derive(Clone)]
pub enum Way {
    Smtp(SmtpServer),
    Folder(PathBuf),
    /// Nothing is set: whatever is to be mailed is given up, and the log says so.
    Nowhere,
}

#[derive(Clone)]
pub struct SmtpServer {
    pub host: String,
    pub port: u16,
    pub credentials: Option<Credentials>,
    pub tls: Tls,
}

/// None of these texts repeats the value: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMailSettings {
    #[error(
        "SIGNALBOX_SMTP_URL: must be smtps:// or smtp:// with a host, and a user's name only with a password"
    )]
    Url,
    #[error("SIGNALBOX_SMTP_URL: a password needs TLS; tls=none is for servers without one")]
    PasswordInTheOpen,
    #[error("SIGNALBOX_SMTP_CA: must be a file of PEM certificates")]
    Ca,
    #[error("SIGNALBOX_SMTP_URL: TLS cannot be set up on this system")]
    Tls,
    #[error("SIGNALBOX_MAIL_FROM: must be an e-mail address, with or without a name")]
    From,
}

impl MailSettings {
    pub fn new(
        smtp_url: Option<&str>,
        smtp_ca: Option<&str>,
        folder: Option<PathBuf>,
        from: Option<&str>,
    ) -> Result<Self, BadMailSettings> {
        let from = from.unwrap_or("Signalbox <no-reply@localhost>");
        let from = from.parse().map_err(|_| BadMailSettings::From)?;
        let way = match (smtp_url, folder) {
            (Some(url), _) => Way::Smtp(SmtpServer::new(url, smtp_ca)?),
            (None, Some(folder)) => Way::Folder(folder),
            (None, None) => Way::Nowhere,
        };
        Ok(Self { from, way })
    }
}

impl SmtpServer {
    /// `smtps://` speaks TLS from the first byte, `smtp://` turns it on with STARTTLS and sends
    /// nothing without it, unless `?tls=none` says that the way is safe.
    fn new(url: &str, ca: Option<&str>) -> Result<Self, BadMailSettings> {
        let url = reqwest::Url::parse(url).map_err(|_| BadMailSettings::Url)?;
        let host = url.host_str().filter(|h| !h.is_empty()).ok_or(BadMailSettings::Url)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let credentials = credentials(&url)?;
        let tls = || tls_to(&host, ca);
        let (tls, port) = match (url.scheme(), url.query()) {
            ("smtps", None) => (Tls::Wrapper(tls()?), 465),
            ("smtp", None) => (Tls::Required(tls()?), 587),
            ("smtp", Some("tls=none")) if credentials.is_none() => (Tls::None, 25),
            ("smtp", Some("tls=none")) => return Err(BadMailSettings::PasswordInTheOpen),
            _ => return Err(BadMailSettings::Url),
        };
        Ok(Self { port: url.port().unwrap_or(port), host, credentials, tls })
    }
}

fn credentials(url: &reqwest::Url) -> Result<Option<Credentials>, BadMailSettings> {
    let decoded = |raw| {
        let text = percent_encoding::percent_decode_str(raw).decode_utf8();
        text.map(String::from).map_err(|_| BadMailSettings::Url)
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err(BadMailSettings::Url),
        (user, Some(password)) => Ok(Some(Credentials::new(decoded(user)?, decoded(password)?))),
    }
}

fn tls_to(host: &str, ca: Option<&str>) -> Result<TlsParameters, BadMailSettings> {
    let mut tls = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca {
        let pem = std::fs::read(path).map_err(|_| BadMailSettings::Ca)?;
        let certificate = Certificate::from_pem(&pem).map_err(|_| BadMailSettings::Ca)?;
        if !pem.windows(10).any(|w| w == b"-----BEGIN") {
            return Err(BadMailSettings::Ca);
        }
        tls = tls.add_root_certificate(certificate);
    }
    tls.build().map_err(|_| BadMailSettings::Tls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Result<(&str, u16, &str, bool), BadMailSettings>) {
        // The process installs it once, before anything that needs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = SmtpServer::new(url, None);
        let got = server
            .as_ref()
            .map(|s| (s.host.as_str(), s.port, format!("{:?}", s.tls), s.credentials.is_some()));
        let got = got.map_err(|e| *e);
        assert_eq!(got, expected.map(|(h, p, t, c)| (h, p, t.to_owned(), c)), "{url}");
    }

    #[test]
    fn a_server_without_tls_has_to_be_asked_for() {
        check("smtps://mail.example.com", Ok(("mail.example.com", 465, "Wrapper", false)));
        check(
            "smtps://u:p%40@mail.example.com:4650",
            Ok(("mail.example.com", 4650, "Wrapper", true)),
        );
        check("smtp://u:p@mail.example.com", Ok(("mail.example.com", 587, "Required", true)));
        check("smtp://127.0.0.1:2525?tls=none", Ok(("127.0.0.1", 2525, "None", false)));
        check("smtp://u:p@127.0.0.1?tls=none", Err(BadMailSettings::PasswordInTheOpen));
        for url in [
            "",
            "mail.example.com",
            "http://mail.example.com",
            "smtp://",
            "smtp://user@mail.example.com",
            "smtp://:pw@mail.example.com",
            "smtp://mail.example.com?tls=opportunistic",
            "smtps://mail.example.com?tls=none",
        ] {
            check(url, Err(BadMailSettings::Url));
        }
    }

    #[test]
    fn what_names_the_sender_is_an_address() {
        let from = |raw| MailSettings::new(None, None, None, Some(raw)).map(|m| m.from.to_string());
        assert_eq!(from("Ops <ops@example.com>").as_deref(), Ok("Ops <ops@example.com>"));
        assert_eq!(from("ops@example.com").as_deref(), Ok("ops@example.com"));
        assert_eq!(from("ops"), Err(BadMailSettings::From));
        assert_eq!(from("a@b.test\r\nBcc: c@d.test"), Err(BadMailSettings::From));
    }

    #[test]
    fn credentials_are_decoded_once() {
        let url = reqwest::Url::parse("smtps://a%2Bb%25:p+%2F%20w@h.test").unwrap();
        let expected = Credentials::new("a+b%".into(), "p+/ w".into());
        assert!(credentials(&url).unwrap() == Some(expected));
    }
}
