//! The engine's rules, as sentences about what the places are told.

mod bounds;
mod cache;
mod counts;
mod history;
mod invariants;
mod listening;
mod membership;
mod model;
mod presence;
mod publishing;
mod threads;
mod transitions;
mod users;
