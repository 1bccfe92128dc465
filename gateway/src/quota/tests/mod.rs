//! Caps that hold: by arithmetic, in a simulation of several gateways, and over HTTP.

mod control_plane;
mod http;
mod simulation;
mod standing;
