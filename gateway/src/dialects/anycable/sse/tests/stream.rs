//! A client that reads events.

use crate::dialects::anycable::http::tests::house::{Asked, House};
use actix_web::body::{BoxBody, MessageBody};
use std::{future::poll_fn, pin::Pin, time::Duration};

/// The token of the sheet: `ext` is `{"user_id":42}`, until 2030. Source: spec/anycable.md §2.
pub const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJleHQiOiJ7XCJ1c2VyX2lkXCI6NDJ9IiwiZXhwIjoxODkzNDU2MDAwfQ.iviBAAVmu4FgUnJWgoGNkHxU4s0FSD4hfwALVEOYCjk";
/// `chat/2024`, signed. Source: spec/anycable.md §3.
pub const SIGNED: &str =
    "ImNoYXQvMjAyNCI=--702cbd80aac9278eec7b3b2cf791ade9c824b4934ca8b742108d0350072f2b40";

/// An app that lets anybody in.
pub fn open_house() -> House {
    House::with(|record| {
        record.settings.anycable.anonymous = true;
        record.settings.anycable.public_streams = true;
    })
}

pub struct Stream {
    body: Pin<Box<BoxBody>>,
    text: String,
}

impl Stream {
    /// Opens a stream that must be let in.
    pub async fn open(house: &House, asked: Asked<'_>) -> Self {
        let response = house.open(asked.by(None)).await;
        assert_eq!(response.status(), 200, "{} {}", asked.method, asked.target);
        Self { body: Box::pin(response.into_body()), text: String::new() }
    }

    /// Opens a stream by GET below the app; `query` says what to hear.
    pub async fn get(house: &House, query: &str) -> Self {
        let target = format!("/apps/cableapp1/sse?{query}");
        Self::open(house, Asked::new("GET", &target)).await
    }

    /// As [`Stream::get`], and past the greeting.
    pub async fn hearing(house: &House, query: &str) -> Self {
        let mut stream = Self::get(house, query).await;
        assert!(stream.next().await.starts_with("event: welcome\n"));
        assert!(stream.next().await.starts_with("event: confirm_subscription\n"));
        stream
    }

    /// The next event that is no ping, without the blank line behind it.
    pub async fn next(&mut self) -> String {
        self.find().await.expect("another event")
    }

    pub async fn ends(&mut self) {
        assert_eq!(self.find().await, None);
    }

    async fn find(&mut self) -> Option<String> {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                if !event.starts_with("event: ping") && event != ":" {
                    return Some(event);
                }
            }
            let chunk = poll_fn(|cx| self.body.as_mut().poll_next(cx));
            let chunk = tokio::time::timeout(Duration::from_secs(10), chunk).await;
            match chunk.expect("something within 10 s") {
                Some(chunk) => {
                    let chunk = chunk.expect("a chunk");
                    self.text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
                }
                None => {
                    assert_eq!(self.text, "", "half an event");
                    return None;
                }
            }
        }
    }
}

/// The value of a member of the JSON in an event's `data`.
pub fn member(event: &str, name: &str) -> String {
    let data = event.lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
    let value: serde_json::Value = serde_json::from_str(data).expect("JSON");
    value[name].as_str().expect("a text").to_owned()
}
