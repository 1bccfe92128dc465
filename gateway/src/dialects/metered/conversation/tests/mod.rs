mod lifecycle;
mod messages;
mod patterns;
mod random;
mod subscribe;
mod talk;
mod welcome;
