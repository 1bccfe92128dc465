//! Subscribing to every channel whose name fits a pattern. Source: spec/metered.md §6.

use super::{Conversation, acknowledge, not_authorized, say, subscribe::PAUSE_MS};
use crate::{
    admission::{Feature, Refusal},
    dialects::{
        Cx,
        metered::{
            codec::Hears,
            errors::{Complaint, ErrorCode},
            frame::Outbound,
            names,
        },
    },
    hub::effect::Effect,
};
use contract::{Action, Pattern};

/// A pattern that is listened to, and the request whose answer is still to come.
#[derive(Debug)]
pub(super) struct Listening {
    pattern: Pattern,
    asked: Option<Option<Box<str>>>,
}

impl Conversation {
    /// Messages only: who comes and goes on the channels is not told, and those there do not see
    /// this connection.
    pub(super) fn listen(
        &mut self,
        raw: &str,
        with_metadata: bool,
        request: Option<&str>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) -> Result<(), Complaint> {
        let pattern = names::pattern(raw)?;
        self.require(Action::Subscribe)?;
        if !cx.state.plan.features.patterns {
            return Err(Refusal::PlanFeature(Feature::Patterns).into());
        }
        if !self.bearing.grant.covers_pattern(raw) {
            return Err(not_authorized(raw));
        }
        cx.app.seen.on_pattern(&self.bearing.key, raw, cx.unix_ms / 1_000);
        let asked = Some(request.map(Into::into));
        match self.listening(&pattern) {
            Some(held) => held.asked = asked,
            None => {
                self.require_room(cx)?;
                self.rare().patterns.push(Listening { pattern: pattern.clone(), asked });
            }
        }
        let open_only = !self.bearing.grant.is_signed();
        let voice = Hears::pattern(with_metadata, open_only).voice();
        out.push(Effect::Listen { pattern, voice });
        Ok(())
    }

    fn listening(&mut self, pattern: &Pattern) -> Option<&mut Listening> {
        self.rare.as_mut()?.patterns.iter_mut().find(|held| held.pattern == *pattern)
    }

    /// The answer follows its request at once, so a pattern has one request open at most.
    pub(super) fn listens(
        &mut self,
        pattern: &Pattern,
        accepted: bool,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let asked = self.listening(pattern).and_then(|held| held.asked.take());
        let Some(request) = asked else { return };
        let request = request.as_deref();
        if !accepted {
            self.forget_pattern(pattern);
            let what = "the app has as many pattern subscriptions as it may";
            let what = Complaint::new(ErrorCode::ChannelLimitExceeded, what);
            return self.complain(request, &what, cx, out);
        }
        acknowledge(request, out);
        if self.bearing.grant.allows(Action::Presence) {
            out.push(Effect::Pause { ms: PAUSE_MS });
            let (channel, told) = (pattern.as_str(), &self.peer.user);
            say(&Outbound::Snapshot { channel, roster: &[], told }, out);
        }
    }

    pub(super) fn unlisten(&mut self, raw: &str, out: &mut Vec<Effect>) -> Result<(), Complaint> {
        let pattern = names::pattern(raw)?;
        if self.forget_pattern(&pattern) {
            out.push(Effect::Unlisten { pattern });
        }
        Ok(())
    }

    /// Ends what the key no longer covers.
    pub(super) fn narrow_patterns(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let grant = &self.bearing.grant;
        let may = grant.allows(Action::Subscribe);
        let held = self.rare.iter().flat_map(|rare| &rare.patterns);
        let lost: Vec<Pattern> = held
            .map(|held| &held.pattern)
            .filter(|pattern| !may || !grant.covers_pattern(pattern.as_str()))
            .cloned()
            .collect();
        for pattern in lost {
            self.forget_pattern(&pattern);
            self.complain(None, &not_authorized(pattern.as_str()), cx, out);
            out.push(Effect::Unlisten { pattern });
        }
    }

    /// Whether it was there.
    fn forget_pattern(&mut self, pattern: &Pattern) -> bool {
        let Some(rare) = self.rare.as_mut() else { return false };
        let held = rare.patterns.iter().position(|held| held.pattern == *pattern);
        held.map(|at| rare.patterns.swap_remove(at)).is_some()
    }
}
