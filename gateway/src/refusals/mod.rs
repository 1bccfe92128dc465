//! What is refused can be found again: every refusal has an id, says which limit it is about where
//! its dialect has room for that, and is reported to the control plane, which keeps it for a week.

mod id;
mod report;
mod ring;
#[cfg(test)]
mod tests;
mod told;

pub use id::RequestId;
pub use report::{EVERY, Reporter};
pub use ring::Ring;
#[cfg(test)]
pub use told::without_refusal;
pub use told::{REQUEST_ID, Told};

use crate::{
    admission::Refusal, dialects::Dialect, directory::App, hub::clock, state::Gateway, telemetry,
};
use contract::{
    RefusalCode,
    live::LiveKind,
    refusal::{RefusalRecord, Transport},
};

/// Something that is refused, by whom and to whom.
#[derive(Clone, Copy, Debug)]
pub struct Denied<'a> {
    /// What admission decided; nothing for what no limit and no credential is about.
    pub refusal: Option<&'a Refusal>,
    pub dialect: Dialect,
    pub transport: Transport,
    /// The public half of the credential, if one was accepted.
    pub key: Option<&'a str>,
    /// The route of a request, the command of a frame.
    pub action: &'a str,
    pub channel: Option<&'a str>,
    /// The dialect's own code, for those who watch the app.
    pub code: &'a str,
    /// What the caller is told.
    pub message: &'a str,
}

impl Denied<'_> {
    /// Bytes of what is recorded of one refusal.
    const MAX_MESSAGE: usize = 512;
    const MAX_ACTION: usize = 128;
    const MAX_CHANNEL: usize = 200;

    fn source(&self) -> &'static str {
        match self.transport {
            Transport::Http => "http",
            Transport::Socket => "socket",
        }
    }

    fn record(&self, app: &App, told: &Told, now_ms: u64) -> RefusalRecord {
        let cut = |text: &str, most| text[..text.floor_char_boundary(most)].to_owned();
        let (id, detail) = (told.id, told.detail);
        RefusalRecord {
            request_id: id.to_string(),
            app: app.id.clone(),
            at_ms: now_ms,
            code: self.refusal.map_or(RefusalCode::BadRequest, Refusal::code),
            key: self.key.map(str::to_owned),
            rule: detail.rule.map(str::to_owned),
            used: detail.used,
            limit: detail.limit,
            resets_at: detail.resets_at,
            dialect: self.dialect.name().to_owned(),
            transport: self.transport,
            action: cut(self.action, Self::MAX_ACTION),
            channel: self.channel.map(|channel| cut(channel, Self::MAX_CHANNEL)),
            message: cut(self.message, Self::MAX_MESSAGE),
        }
    }
}

impl Gateway {
    /// Writes down that something is refused: in the log, for the control plane, and for whoever
    /// watches the app. Counting it is up to who knows the meter.
    pub fn deny(&self, app: Option<&App>, denied: Denied<'_>) -> Told {
        let now_ms = clock::unix_ms();
        let told = Told::of(denied.refusal, now_ms);
        if let Some(refusal) = denied.refusal {
            let (source, app) = (denied.source(), app.map(|app| &app.id));
            telemetry::log_refusal(refusal, source, app, told.id, now_ms);
        }
        let Some(app) = app else { return told };
        self.refused.note(&app.id, now_ms, || denied.record(app, &told, now_ms));
        let dialect = denied.dialect.common_name();
        self.live.emit(app, now_ms, Some(dialect), |_| LiveKind::Refused {
            source: denied.source().into(),
            code: denied.code.into(),
            message: denied.message.into(),
            request_id: Some(told.id.to_string()),
        });
        told
    }
}
