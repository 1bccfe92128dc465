//! Findings as the API shows them.

use contract::{
    Action,
    dry_run::{self, Findings},
};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct DryRunAnswer {
    /// Seconds that were looked back to: 300 to 360, fewer soon after a start.
    pub window_s: u64,
    pub coverage: Coverage,
    /// Operations of the key that were looked at, and how many of them the change would have refused.
    pub looked_at: u64,
    pub refused: u64,
    pub actions: Vec<ActionFindings>,
    /// Origins from which connections would not have been opened; `none` for clients that send none.
    pub origins: Vec<Example>,
    /// Addresses from which requests would not have been taken.
    pub addresses: Vec<Example>,
    pub gateways: Vec<GatewayFindings>,
    /// Gateways that did not answer: what they saw is not in here.
    pub unanswered: Vec<String>,
}

/// Whether everything that happened was remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    Exact,
    /// Some of it was not: the true counts are higher.
    Sampled,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ActionFindings {
    #[schema(value_type = crate::keys::model::ActionName)]
    pub action: Action,
    pub looked_at: u64,
    pub refused: u64,
    /// The channels that would have been refused most often, at most 20.
    pub channels: Vec<Example>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Example {
    pub name: String,
    pub count: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct GatewayFindings {
    pub gateway: String,
    pub window_s: u64,
    pub coverage: Coverage,
    pub looked_at: u64,
    pub refused: u64,
}

impl Coverage {
    fn of(findings: &Findings) -> Self {
        match findings.forgotten {
            0 => Self::Exact,
            _ => Self::Sampled,
        }
    }
}

impl GatewayFindings {
    pub fn of(gateway: String, findings: &Findings) -> Self {
        Self {
            gateway,
            window_s: findings.window_s,
            coverage: Coverage::of(findings),
            looked_at: findings.looked_at,
            refused: findings.refused,
        }
    }
}

impl DryRunAnswer {
    pub fn of(sum: Findings, gateways: Vec<GatewayFindings>, unanswered: Vec<String>) -> Self {
        let coverage = match unanswered.is_empty() {
            true => Coverage::of(&sum),
            false => Coverage::Sampled,
        };
        let action = |found: dry_run::ActionFindings| ActionFindings {
            action: found.action,
            looked_at: found.looked_at,
            refused: found.refused,
            channels: examples(found.channels),
        };
        Self {
            window_s: sum.window_s,
            coverage,
            looked_at: sum.looked_at,
            refused: sum.refused,
            actions: sum.actions.into_iter().map(action).collect(),
            origins: examples(sum.origins),
            addresses: examples(sum.addresses),
            gateways,
            unanswered,
        }
    }
}

fn examples(found: Vec<dry_run::Example>) -> Vec<Example> {
    found.into_iter().map(|e| Example { name: e.name, count: e.count }).collect()
}
