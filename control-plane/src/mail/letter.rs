//! The one template: what every mail looks like, as text and as HTML.

use super::Mail;
use crate::people::model::EmailAddress;
use std::fmt::Write;

/// A mail while it is written. Whatever is put in is text: it is escaped here and nowhere else.
pub struct Letter {
    subject: String,
    parts: Vec<Part>,
}

enum Part {
    Paragraph(String),
    Link { label: &'static str, url: String },
    Facts(Vec<(&'static str, String)>),
}

impl Letter {
    pub fn new(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), parts: Vec::new() }
    }

    pub fn paragraph(mut self, text: impl Into<String>) -> Self {
        self.parts.push(Part::Paragraph(text.into()));
        self
    }

    /// `url` starts with the console's origin: `State::console_link`.
    pub fn link(mut self, label: &'static str, url: impl Into<String>) -> Self {
        self.parts.push(Part::Link { label, url: url.into() });
        self
    }

    /// A short table: when, from where.
    pub fn facts(mut self, facts: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.parts.push(Part::Facts(facts.into_iter().collect()));
        self
    }

    pub fn to(self, to: EmailAddress) -> Mail {
        let (text, html) = (self.text(), self.html());
        Mail { to, subject: self.subject, text, html: Some(html) }
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for part in &self.parts {
            // Writing to a `String` does not fail.
            let _ = match part {
                Part::Paragraph(text) => write!(out, "{}\n\n", one_line(text)),
                Part::Link { label, url } => write!(out, "{label}:\n{}\n\n", one_line(url)),
                Part::Facts(facts) => {
                    let rows = facts.iter().map(|(n, v)| format!("  {n}: {}\n", one_line(v)));
                    writeln!(out, "{}", rows.collect::<String>())
                }
            };
        }
        out.push_str("-- \nSignalbox\n");
        out
    }

    fn html(&self) -> String {
        let mut body = String::new();
        for part in &self.parts {
            let _ = match part {
                Part::Paragraph(text) => write!(body, "<p>{}</p>", escape(text)),
                Part::Link { label, url } => {
                    let url = escape(url);
                    write!(
                        body,
                        "<p><a href=\"{url}\" style=\"{BUTTON}\">{label}</a></p>\
                         <p style=\"{SMALL}\">{url}</p>"
                    )
                }
                Part::Facts(facts) => {
                    let row = |(n, v): &(&str, String)| {
                        format!("<tr><td style=\"{SMALL}\">{n}</td><td>{}</td></tr>", escape(v))
                    };
                    write!(body, "<table>{}</table>", facts.iter().map(row).collect::<String>())
                }
            };
        }
        let subject = escape(&self.subject);
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{subject}</title>\
             </head><body style=\"{PAGE}\">{body}<p style=\"{SMALL}\">Signalbox</p></body></html>"
        )
    }
}

const PAGE: &str = "font:16px/1.5 system-ui,sans-serif;color:#1b1f24;max-width:36em;margin:2em auto;\
    padding:0 1em";
const BUTTON: &str = "display:inline-block;padding:.6em 1.2em;border-radius:6px;background:#1f5eff;\
    color:#fff;text-decoration:none";
const SMALL: &str = "color:#5b6470;font-size:14px;word-break:break-all;padding-right:1em";

/// Somebody's own words must not look like another line of the letter.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_stays_text() {
        let to = EmailAddress::try_from("ann@example.com".to_owned()).unwrap();
        let mail = Letter::new("Join <b>")
            .paragraph("Bob <script>alert(1)</script>\r\n\r\nYour account is closed")
            .link("Open", "https://console.example.com/a#token=\"x")
            .facts([("Where", "1.2.3.4\nWho: root".to_owned())])
            .to(to);
        let html = mail.html.unwrap();
        assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"), "{html}");
        assert!(html.contains("#token=&quot;x\"") && html.contains("<title>Join &lt;b&gt;"));
        assert_eq!(
            mail.text,
            "Bob <script>alert(1)</script>    Your account is closed\n\n\
             Open:\nhttps://console.example.com/a#token=\"x\n\n\
             \u{20} Where: 1.2.3.4 Who: root\n\n-- \nSignalbox\n"
        );
    }
}
