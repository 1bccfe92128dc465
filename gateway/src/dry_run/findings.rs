//! Judging what was seen by a scope that it was not admitted by.

use super::{NO_ORIGIN, shard::What};
use crate::admission::{PATTERN_BUDGET, origin_allowed};
use contract::{
    Action, ChannelName, Pattern, Scope,
    dry_run::{ActionFindings, DryRun, Example, Findings, keep_most},
};
use std::{collections::HashMap, net::IpAddr};

pub struct Judge<'a> {
    question: &'a DryRun,
    scope: Scope,
    actions: Vec<ActionFindings>,
    /// A channel may have been seen by several threads.
    refused: HashMap<(Kind, String), u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Channel(Action),
    Origin,
    Address,
}

impl<'a> Judge<'a> {
    pub fn new(question: &'a DryRun) -> Self {
        let scope = Scope::new(&question.actions, question.channels.clone());
        Self { question, scope, actions: Vec::new(), refused: HashMap::new() }
    }

    pub fn look_at(&mut self, what: What, name: &str, count: u64) {
        let (kind, is_allowed) = match what {
            What::Channel(action) => (Kind::Channel(action), self.allows(action, name)),
            What::Pattern => (Kind::Channel(Action::Subscribe), self.allows_pattern(name)),
            What::Origin => (Kind::Origin, self.welcomes(name)),
            What::Address => (Kind::Address, self.takes_from(name)),
        };
        if let Kind::Channel(action) = kind {
            let found = self.of_action(action);
            found.looked_at += count;
            found.refused += if is_allowed { 0 } else { count };
        }
        if !is_allowed {
            *self.refused.entry((kind, name.to_owned())).or_default() += count;
        }
    }

    fn of_action(&mut self, action: Action) -> &mut ActionFindings {
        let at = self.actions.iter().position(|found| found.action == action);
        let at = at.unwrap_or_else(|| {
            let channels = Vec::new();
            self.actions.push(ActionFindings { action, looked_at: 0, refused: 0, channels });
            self.actions.len() - 1
        });
        &mut self.actions[at]
    }

    fn allows(&self, action: Action, name: &str) -> bool {
        // A message to a peer goes to nobody's channel.
        let is_covered = || {
            action == Action::Send
                || name.parse::<ChannelName>().is_ok_and(|channel| self.scope.covers(&channel))
        };
        self.scope.allows(action) && is_covered()
    }

    fn allows_pattern(&self, name: &str) -> bool {
        let mut budget = PATTERN_BUDGET;
        let pattern = name.parse::<Pattern>();
        self.scope.allows(Action::Subscribe)
            && pattern.is_ok_and(|pattern| self.scope.covers_pattern(&pattern, &mut budget))
    }

    fn welcomes(&self, origin: &str) -> bool {
        match (&self.question.origins, origin) {
            (None, _) => true,
            (Some(origins), NO_ORIGIN) => origins.allowed.is_empty() || origins.allow_none,
            (Some(origins), origin) => origin_allowed(&origins.allowed, origin),
        }
    }

    fn takes_from(&self, address: &str) -> bool {
        let networks = &self.question.addresses;
        let address = address.parse::<IpAddr>();
        networks.is_empty()
            || address
                .is_ok_and(|address| networks.iter().any(|network| network.contains(&address)))
    }

    pub fn findings(self, window_s: u64, forgotten: u64) -> Findings {
        let Self { mut actions, refused, .. } = self;
        let examples = |wanted: Kind| {
            let of_kind = refused.iter().filter(|((kind, _), _)| *kind == wanted);
            let mut examples: Vec<_> = of_kind
                .map(|((_, name), count)| Example { name: name.clone(), count: *count })
                .collect();
            keep_most(&mut examples);
            examples
        };
        for found in &mut actions {
            found.channels = examples(Kind::Channel(found.action));
        }
        actions.sort_by_key(|found| found.action);
        Findings {
            window_s,
            forgotten,
            looked_at: actions.iter().map(|found| found.looked_at).sum(),
            refused: actions.iter().map(|found| found.refused).sum(),
            origins: examples(Kind::Origin),
            addresses: examples(Kind::Address),
            actions,
        }
    }
}
