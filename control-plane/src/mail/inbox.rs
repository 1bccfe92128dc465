//! The mail folder of a test, and its mails as a reader sees them.

use base64::{Engine, engine::general_purpose::STANDARD};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// A folder of its own, gone with the test.
pub struct MailDir(PathBuf);

#[derive(Clone, Debug)]
pub struct Received {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub raw: String,
}

impl MailDir {
    pub fn make() -> Self {
        Self(std::env::temp_dir().join(format!("signalbox-mail-{}", Uuid::new_v4().simple())))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn read(&self) -> Vec<Received> {
        let Ok(entries) = std::fs::read_dir(&self.0) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|e| e == "eml"));
        files.sort();
        files.iter().map(|path| Received::parse(&std::fs::read_to_string(path).unwrap())).collect()
    }
}

impl Drop for MailDir {
    fn drop(&mut self) {
        // It was never made when no mail was sent.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Received {
    pub fn parse(raw: &str) -> Self {
        let (head, _) = split(raw);
        let part = |kind: &str| {
            let at = raw.find(&format!("Content-Type: {kind}"));
            at.map(|at| {
                let (head, body) = split(&raw[at..]);
                let body = body.split("\r\n--").next().unwrap_or(&body).to_owned();
                decode(&field(&head, "Content-Transfer-Encoding"), &body)
            })
        };
        Self {
            to: field(&head, "To"),
            subject: unworded(&field(&head, "Subject")),
            text: part("text/plain").unwrap_or_default().replace("\r\n", "\n"),
            html: part("text/html").unwrap_or_default(),
            raw: raw.to_owned(),
        }
    }

    /// The token in the mail's link.
    #[track_caller]
    pub fn token(&self) -> String {
        let rest = self.text.split("#token=").nth(1).unwrap_or_else(|| panic!("{}", self.text));
        rest.split_whitespace().next().unwrap_or_default().to_owned()
    }
}

fn split(raw: &str) -> (String, String) {
    let (head, body) = raw.split_once("\r\n\r\n").expect("head and body");
    (head.replace("\r\n ", " ").replace("\r\n\t", " "), body.to_owned())
}

fn field(head: &str, name: &str) -> String {
    let start = format!("{name}: ");
    let line = head.lines().find_map(|line| line.strip_prefix(start.as_str()));
    line.unwrap_or_default().to_owned()
}

fn decode(encoding: &str, body: &str) -> String {
    match encoding {
        "base64" => {
            let joined: String = body.split_whitespace().collect();
            String::from_utf8(STANDARD.decode(joined).unwrap()).unwrap()
        }
        "quoted-printable" => {
            let joined = body.replace("=\r\n", "");
            let mut bytes = Vec::new();
            let mut rest = joined.as_bytes();
            while let Some((&first, tail)) = rest.split_first() {
                let hex = tail.get(..2).filter(|_| first == b'=');
                let hex =
                    hex.and_then(|h| u8::from_str_radix(std::str::from_utf8(h).ok()?, 16).ok());
                bytes.push(hex.unwrap_or(first));
                rest = if hex.is_some() { &tail[2..] } else { tail };
            }
            String::from_utf8(bytes).unwrap()
        }
        _ => body.to_owned(),
    }
}

/// `=?utf-8?b?…?=` words as text.
fn unworded(subject: &str) -> String {
    let mut text = String::new();
    let mut rest = subject;
    while let Some((before, word)) = rest.split_once("=?utf-8?b?") {
        let (word, after) = word.split_once("?=").expect("the word ends");
        // A blank between two words only parts them.
        text.push_str(if before == " " { "" } else { before });
        text.push_str(&String::from_utf8(STANDARD.decode(word).unwrap()).unwrap());
        rest = after;
    }
    text + rest
}
