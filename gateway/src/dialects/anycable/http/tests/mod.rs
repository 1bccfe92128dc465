pub(in crate::dialects::anycable) mod house;
mod finding;
mod limits;
mod presence;
mod publishing;
