mod lifecycle;
mod messages;
mod narrowing;
mod patterns;
mod random;
mod subscribe;
mod talk;
mod welcome;
