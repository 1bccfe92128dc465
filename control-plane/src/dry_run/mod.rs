//! What a change would have refused lately: every live gateway is asked, and their findings added.

mod ask;
pub mod model;
#[cfg(test)]
mod tests;

pub use ask::ask;
