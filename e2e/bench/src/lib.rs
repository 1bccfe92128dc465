//! The benchmark: a load generator, the reference server it is compared with, and the directory
//! a gateway is given for it. See `README.md` beside this crate.

pub mod apps;
pub mod dialect;
pub mod directory;
pub mod load;
pub mod reference;
pub mod sys;
pub mod wire;
