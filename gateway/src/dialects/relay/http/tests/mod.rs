//! The HTTP API against a real engine and a real directory, through the family's own routes.

mod asking;
mod history;
mod house;
mod publishing;
mod signing;
mod telling_apart;
