//! Invoices: what is on one, how it is issued, and how it is shown.

pub mod html;
pub mod http;
pub mod issue;
pub mod model;
pub mod pdf;
mod pdf_text;
mod printed;
pub mod store;
