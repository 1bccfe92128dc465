//! What the witness sees, and when.

mod bounds;
mod holding;
mod kinds;
mod model;
