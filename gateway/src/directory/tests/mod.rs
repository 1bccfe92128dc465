mod disk;
mod feed;
mod order;
