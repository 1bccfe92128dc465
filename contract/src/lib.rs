//! The words the services share: ids, keys, scopes, limits, the directory feed, live events, and how
//! metrics are written.
//!
//! No I/O and no framework in here. Everything that comes from outside is parsed once, into a
//! type that proves it, and carried as that type from then on.

pub mod channel;
pub mod credential;
pub mod dialects;
pub mod directory;
pub mod dry_run;
pub mod exposition;
pub mod ids;
pub mod inspect;
pub mod lease;
pub mod limits;
pub mod live;
pub mod pattern;
pub mod plan;
pub mod refusal;
pub mod scope;
pub mod seal;
pub mod usage;
pub mod uses;
pub mod webhooks;

pub use channel::{BadChannelName, ChannelKind, ChannelName};
pub use credential::{
    AppSecret, BadCredential, GatewayToken, ManagementToken, ManagementTokenId, PublishableKey,
    SecretKeyId, SecretKeyToken, TokenHash, TokenSecret,
};
pub use dialects::{
    AnyCableSettings, AppPathDialect, AuthEndpoint, Dialects, IceServer, MeteredSettings,
    RelaySettings,
};
pub use ids::{AppId, AppKey, BadId, EventName, OrganisationId, SocketId, UserId};
pub use limits::{AppLimits, AppSettings, TerminateCode};
pub use live::LiveHistory;
pub use pattern::{BadPattern, Pattern};
pub use refusal::RefusalCode;
pub use scope::{Action, Scope};
