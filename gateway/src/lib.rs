//! The data plane: public HTTP and WebSocket, dialects, admission, fan-out, metering.

pub mod admission;
pub mod boot;
pub mod config;
pub mod control_plane;
pub mod dialects;
pub mod directory;
pub mod dry_run;
pub mod forwarded;
pub mod hub;
pub mod live;
pub mod metering;
pub mod ops;
pub mod quota;
pub mod refusals;
pub mod resume;
pub mod routes;
pub mod run;
pub mod server;
pub mod state;
pub mod telemetry;
pub mod upgrade;
pub mod uses;
pub mod webhooks;
pub mod wire;
