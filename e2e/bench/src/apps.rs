//! The apps a benchmark uses, numbered from 0; every part of it derives them the same way.

/// Id and keys of one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    pub id: String,
    pub key: String,
    pub secret: String,
    /// What clients carry openly in the dialect that has such keys.
    pub publishable_key: String,
}

impl App {
    pub fn nth(n: u32) -> Self {
        Self {
            id: (100_000 + n).to_string(),
            key: format!("bench-key-{n}"),
            secret: format!("bench-secret-{n}"),
            publishable_key: format!("pk_bench-{n}"),
        }
    }
}
