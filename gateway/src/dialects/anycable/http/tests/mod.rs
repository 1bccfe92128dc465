mod finding;
pub(in crate::dialects::anycable) mod house;
mod limits;
mod presence;
mod publishing;
