mod house;
mod limits;
mod peers;
mod publishing;
mod refusals;
mod tokens;
