//! An app's limits: what its owner set, below what the plan allows.

use crate::{api::ApiError, plans::model::PlanVersion};
use contract::AppLimits;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// Declares the limits three times over: as they hold, as the owner set them, and as patched.
macro_rules! limits {
    ($($(#[$attr:meta])* $field:ident,)*) => {
        /// How much of everything an app may use: the smaller of the plan's and the app's own.
        #[derive(ToSchema)]
        #[allow(dead_code, reason = "describes the shape in the OpenAPI document")]
        pub struct Limits {
            $($(#[$attr])* pub $field: u32,)*
        }

        /// What the app's owner set below the plan's; what is absent is as the plan allows.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct OwnLimits {
            $($(#[$attr])* #[serde(default, skip_serializing_if = "Option::is_none")]
            pub $field: Option<u32>,)*
        }

        /// What is absent stays; null is as the plan allows.
        #[derive(Clone, Debug, Default, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct LimitsPatch {
            $($(#[$attr])* #[serde(default, deserialize_with = "present")]
            #[schema(value_type = Option<u32>)]
            pub $field: Option<Option<u32>>,)*
        }

        impl LimitsPatch {
            /// Lays the patch over what is stored. Errors: a value that no plan has a use for, or
            /// that is above what this one allows.
            pub fn over(self, stored: OwnLimits, plan: &PlanVersion) -> Result<OwnLimits, ApiError> {
                let most = most_under(plan);
                $(if let Some(Some(wanted)) = self.$field && wanted > most.$field {
                    let mut probe = AppLimits::default();
                    probe.$field = wanted;
                    check(&probe)?;
                    return Err(ApiError::PlanLimit {
                        rule: stringify!($field),
                        used: Some(u64::from(wanted)),
                        limit: Some(u64::from(most.$field)),
                    });
                })*
                let own = OwnLimits { $($field: self.$field.unwrap_or(stored.$field),)* };
                check(&own.over(AppLimits::default()))?;
                Ok(own)
            }
        }

        impl OwnLimits {
            /// What holds under this plan.
            pub fn under(&self, plan: &PlanVersion) -> AppLimits {
                let (most, usual) = (most_under(plan), usual_under(plan));
                AppLimits {
                    $($field: self.$field.map_or(usual.$field, |own| own.min(most.$field)),)*
                }
            }

            fn over(&self, usual: AppLimits) -> AppLimits {
                AppLimits { $($field: self.$field.unwrap_or(usual.$field),)* }
            }
        }
    };
}

limits! {
    max_connections,
    /// Publishes per second over every HTTP API and by Metered peers; a batch counts its items.
    max_publishes_per_s,
    /// Read requests over HTTP per second.
    max_reads_per_s,
    /// Bytes of one event's `data` in the Pusher family's own APIs.
    max_event_bytes,
    /// Bytes of one message's payload in every other dialect; a dialect may allow less.
    max_payload_bytes,
    /// Client events per second and connection.
    max_client_events_per_s,
    max_presence_members,
    /// Bytes of one presence member's `user_info`.
    max_member_bytes,
    max_channels_per_connection,
}

/// `null` is a value here, unlike what is absent.
fn present<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Option<u32>>, D::Error> {
    Option::<u32>::deserialize(d).map(Some)
}

fn check(limits: &AppLimits) -> Result<(), ApiError> {
    limits.check().map_err(|e| ApiError::field(format!("limits.{}", e.field), e))
}

/// The most that an app on this plan may be set to.
fn most_under(plan: &PlanVersion) -> AppLimits {
    let payload = plan.max_payload_bytes.unsigned_abs();
    AppLimits {
        max_connections: plan.max_connections.unsigned_abs(),
        max_publishes_per_s: plan.max_publishes_per_s.unsigned_abs(),
        max_reads_per_s: plan.max_reads_per_s.unsigned_abs(),
        max_event_bytes: payload,
        max_payload_bytes: payload,
        max_client_events_per_s: 1_000,
        max_presence_members: plan.max_presence_members.unsigned_abs(),
        max_member_bytes: 10_240,
        max_channels_per_connection: plan.max_channels_per_connection.unsigned_abs(),
    }
}

/// What an app has whose owner set nothing: all that the plan allows, and what belongs to a
/// protocol as its clients expect it.
fn usual_under(plan: &PlanVersion) -> AppLimits {
    let (most, usual) = (most_under(plan), AppLimits::default());
    AppLimits {
        max_event_bytes: usual.max_event_bytes.min(most.max_event_bytes),
        max_client_events_per_s: usual.max_client_events_per_s,
        max_member_bytes: usual.max_member_bytes,
        ..most
    }
}
