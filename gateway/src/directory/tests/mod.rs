mod disk;
mod feed;
mod memory;
mod order;
