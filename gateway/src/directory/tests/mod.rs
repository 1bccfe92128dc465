mod disk;
mod order;
