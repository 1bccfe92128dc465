mod ending;
mod listening;
mod statuses;
mod stream;
