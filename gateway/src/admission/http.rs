//! Who is asking over HTTP, and may they: in the one order of the architecture.
//!
//! [`http_credential`] decides everything that needs no body, before a byte of it is read;
//! [`Pending::admit`] the rest.

use crate::{
    admission::{
        credential::{self, BodyProof, Proof},
        query::Query,
        refusal::{Feature, Refusal, Why},
    },
    directory::{App, AppState, Directory, SecretKey, SecretTerms},
    hub::clock,
    metering::Meter,
    telemetry,
};
use contract::{Action, AppKey, ChannelKind, ChannelName, PublishableKey, SecretKeyId};
use md5::{Digest, Md5};
use std::{net::IpAddr, sync::Arc};
use subtle::ConstantTimeEq;

/// A request as far as admission looks at it.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestView<'a> {
    pub method: &'a str,
    /// As received, without the query.
    pub path: &'a str,
    /// As received, without the question mark.
    pub query: &'a str,
    /// The value of `Authorization`.
    pub authorization: Option<&'a str>,
    pub peer: Option<IpAddr>,
    /// Whether the app's own secret is taken as a Bearer.
    pub app_secret_bearer: bool,
    /// What the configuration puts before every path; empty for nothing.
    pub mount: &'a str,
}

/// Which credential was used: its public half.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyRef {
    App(AppKey),
    Secret(SecretKeyId),
    Publishable(PublishableKey),
}

impl KeyRef {
    /// What names it in lists and reports.
    pub fn public_half(&self) -> &str {
        match self {
            Self::App(key) => key.as_str(),
            Self::Secret(id) => id.as_str(),
            Self::Publishable(key) => key.as_str(),
        }
    }
}

/// What the credential allows.
#[derive(Clone, Debug)]
pub(super) enum Granted {
    Everything,
    Scoped(Arc<SecretKey>, Arc<SecretTerms>),
}

/// An accepted credential whose request's body is still to be read.
#[derive(Debug)]
#[must_use]
pub struct Pending {
    proof: Proof,
    now_s: u64,
}

/// A request that may go on, and what it may do.
#[derive(Clone, Debug)]
pub struct Admitted {
    pub app: Arc<App>,
    /// The app as it was when the request was admitted.
    pub state: Arc<AppState>,
    pub key: KeyRef,
    /// Where the credential's traffic is counted.
    pub meter: Arc<Meter>,
    pub(super) granted: Granted,
    /// Ends with the request.
    _span: tracing::Span,
}

/// Finds the app and checks the credential. `now_ms` is Unix time.
pub fn http_credential(
    directory: &Directory,
    request: RequestView<'_>,
    now_ms: u64,
) -> Result<Pending, Refusal> {
    let app = match credential::app_segment(&request) {
        Some(segment) => {
            let app = directory.app_by_path(&segment).ok_or(Refusal::AppUnknown)?;
            check_serving(&app.load())?;
            Some(app)
        }
        None => None,
    };
    let query = Query::parse(request.query)?;
    let proof = credential::check(directory, app, &request, &query, now_ms)?;
    check_serving(&proof.app.load())?;
    query.check_duplicates()?;
    Ok(Pending::new(proof, now_ms))
}

pub(super) fn check_serving(state: &AppState) -> Result<(), Refusal> {
    match (state.deleted, state.enabled) {
        (true, _) => Err(Refusal::AppUnknown),
        (false, false) => Err(Refusal::AppDisabled),
        (false, true) => Ok(()),
    }
}

impl Pending {
    pub(super) fn new(proof: Proof, now_ms: u64) -> Self {
        Self { proof, now_s: now_ms / 1_000 }
    }

    pub fn app(&self) -> &Arc<App> {
        &self.proof.app
    }

    /// Bytes beyond which the body need not be read.
    pub fn body_limit(&self) -> usize {
        self.proof.app.load().limits.max_body_bytes()
    }

    /// Checks the body against its digest, and that the credential did not end while the body
    /// was on its way. From here on the credential counts as used.
    pub fn admit(self, body: &[u8]) -> Result<Admitted, Refusal> {
        let Proof { app, key, granted, body: proof } = self.proof;
        let state = app.state();
        check_serving(&state)?;
        let refused = || Refusal::Unauthorised(Why::Token);
        let credential = match &key {
            KeyRef::App(key) => Some(state.credential(key.as_str()).ok_or_else(refused)?),
            KeyRef::Secret(_) | KeyRef::Publishable(_) => None,
        };
        let granted = match granted {
            Granted::Scoped(key, _) => {
                let terms = key.terms().ok_or_else(refused)?;
                Granted::Scoped(key, terms)
            }
            Granted::Everything => Granted::Everything,
        };
        let limit = state.limits.max_body_bytes();
        if body.len() > limit {
            return Err(Refusal::BodyTooLarge { limit });
        }
        proof.check(body)?;
        let counters = &app.counters;
        let meter = match (&granted, credential) {
            (Granted::Scoped(key, _), _) => {
                key.last_use.note(self.now_s);
                counters.of_key(&key.meter, key.name.as_str()).clone()
            }
            (Granted::Everything, Some(credential)) => {
                credential.last_use.note(self.now_s);
                counters.of_key(&credential.meter, credential.key.as_str()).clone()
            }
            (Granted::Everything, None) => return Err(refused()),
        };
        let span = telemetry::request_span(&app.id, &key);
        Ok(Admitted { app, state, key, meter, granted, _span: span })
    }
}

impl BodyProof {
    /// Source: spec/pusher.md §15.6, step 4.
    fn check(self, body: &[u8]) -> Result<(), Refusal> {
        let fits = match self {
            Self::NotSigned => true,
            Self::Signed { md5: None } => body.is_empty(),
            Self::Signed { md5: Some(expected) } => Md5::digest(body).ct_eq(&expected).into(),
        };
        if fits { Ok(()) } else { Err(Refusal::Unauthorised(Why::BodyDigest)) }
    }
}

impl Admitted {
    /// Whether the plan and the credential allow `action` at all.
    pub fn require(&self, action: Action) -> Result<(), Refusal> {
        if action == Action::History && !self.state.plan.features.history {
            return Err(Refusal::PlanFeature(Feature::History));
        }
        match &self.granted {
            Granted::Scoped(_, terms) if !terms.scope.allows(action) => {
                Err(Refusal::ScopeAction(action))
            }
            _ => Ok(()),
        }
    }

    /// Whether the credential allows `action` on `channel`.
    pub fn require_channel(&self, action: Action, channel: &ChannelName) -> Result<(), Refusal> {
        self.require(action)?;
        let is_direct = action == Action::Publish && channel.kind() == ChannelKind::User;
        if is_direct && !self.state.plan.features.direct_messages {
            return Err(Refusal::PlanFeature(Feature::DirectMessages));
        }
        if !self.covers(channel) {
            return Err(Refusal::ScopeChannel);
        }
        if let Granted::Scoped(..) = &self.granted {
            self.app.seen.on_channel(&self.key, action, channel, clock::unix_ms() / 1_000);
        }
        Ok(())
    }

    /// Whether the credential's patterns cover `channel`: for leaving it out of a list.
    pub fn covers(&self, channel: &ChannelName) -> bool {
        match &self.granted {
            Granted::Everything => true,
            Granted::Scoped(_, terms) => terms.scope.covers(channel),
        }
    }

    /// Whether no channel is out of the credential's reach.
    pub fn covers_every_channel(&self) -> bool {
        match &self.granted {
            Granted::Everything => true,
            Granted::Scoped(_, terms) => terms.scope.covers_every_channel(),
        }
    }

    /// Takes `events` from the key's own rate and the app's: channels of a trigger, items of a batch.
    pub fn charge_publish(&self, events: u32) -> Result<(), Refusal> {
        if let Granted::Scoped(_, terms) = &self.granted
            && let Some(rate) = terms.publish_rate()
        {
            rate.take(events, clock::unix_ms())?;
        }
        self.state.charge_publish(events)
    }

    /// Takes one request from the app's read rate.
    pub fn charge_read(&self) -> Result<(), Refusal> {
        self.state.charge_read()
    }
}
