//! What every room of the management API shares: errors, bodies, pages, request ids, the OpenAPI
//! document. Nothing in here knows a feature.

pub mod body;
pub mod client;
pub mod error;
pub mod fallback;
pub mod idempotency;
pub mod ndjson;
pub mod nullable;
pub mod openapi;
pub mod origin;
pub mod origin_list;
pub mod page;
pub mod path;
pub mod request_id;

pub use body::{Body, Nothing, StrictJson};
pub use error::{ApiError, FieldError, Problem};
pub use page::{Page, PageParams, PageRequest, Position};

#[cfg(test)]
mod operations_tests;
#[cfg(test)]
mod tests;
