//! The directory a gateway is measured with, in the lines of a snapshot.

use crate::apps::App;
use contract::{
    Action, AnyCableSettings, AppId, AppLimits, AppSettings, BadCredential, BadId, BadPattern,
    OrganisationId,
    directory::{AppCredential, AppRecord, At, Change, End, PublishableKeyRecord, SnapshotLine},
    plan::PlanTerms,
    seal::{MasterKey, SealError},
};
use std::io::{self, Write};

#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Id(#[from] BadId),
    #[error(transparent)]
    Key(#[from] BadCredential),
    #[error(transparent)]
    Pattern(#[from] BadPattern),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Writes a snapshot with this many apps, each with a publishable key, their limits out of the
/// benchmark's way.
pub fn write(
    apps: u32,
    master_key: &MasterKey,
    out: &mut impl Write,
) -> Result<(), DirectoryError> {
    let revision = 1;
    line(out, &SnapshotLine::Start { snapshot: At { revision } })?;
    for n in 0..apps {
        let app = App::nth(n);
        for change in
            [Change::App(app_record(&app, master_key)?), Change::PublishableKey(key_record(&app)?)]
        {
            line(out, &SnapshotLine::Change(Box::new(change)))?;
        }
    }
    line(out, &SnapshotLine::End { end: End { revision, records: 2 * u64::from(apps) } })
}

fn app_record(app: &App, master_key: &MasterKey) -> Result<AppRecord, DirectoryError> {
    Ok(AppRecord {
        id: app.id.parse::<AppId>()?,
        organisation: OrganisationId::new("bench"),
        enabled: true,
        credentials: vec![AppCredential {
            key: app.key.parse()?,
            sealed_secret: master_key.seal(&app.secret, &app.key)?,
            expires_at: None,
            previous: None,
        }],
        settings: AppSettings {
            anycable: AnyCableSettings {
                anonymous: true,
                public_streams: true,
                ..AnyCableSettings::default()
            },
            ..AppSettings::default()
        },
        limits: AppLimits {
            max_connections: 1_000_000,
            max_publishes_per_s: 1_000_000,
            max_presence_members: 10_000,
            ..AppLimits::default()
        },
        plan: PlanTerms { live_hours: 24, ..PlanTerms::default() },
        webhooks: Default::default(),
    })
}

/// A key that may subscribe everywhere and is told of nobody.
fn key_record(app: &App) -> Result<PublishableKeyRecord, DirectoryError> {
    Ok(PublishableKeyRecord {
        key: app.publishable_key.parse()?,
        app: app.id.parse()?,
        actions: vec![Action::Subscribe],
        channels: vec!["**".parse()?],
        allowed_origins: Vec::new(),
        allow_no_origin: true,
        ice_servers: false,
        expires_at: None,
    })
}

fn line(out: &mut impl Write, line: &SnapshotLine) -> Result<(), DirectoryError> {
    serde_json::to_writer(&mut *out, line)?;
    Ok(out.write_all(b"\n")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::STANDARD};

    #[test]
    fn a_snapshot_is_whole_and_its_secrets_open() {
        let master_key = MasterKey::from_base64(&STANDARD.encode([7; 32])).unwrap();
        let mut out = Vec::new();
        write(3, &master_key, &mut out).unwrap();
        let lines: Vec<SnapshotLine> = String::from_utf8(out)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line of a snapshot"))
            .collect();
        assert_eq!(lines.len(), 8);
        assert_eq!(lines[7], SnapshotLine::End { end: End { revision: 1, records: 6 } });
        let SnapshotLine::Change(change) = &lines[6] else { panic!("{:?}", lines[6]) };
        let Change::PublishableKey(key) = change.as_ref() else { panic!("{change:?}") };
        assert_eq!((key.key.as_str(), key.app.as_str()), ("pk_bench-2", "100002"));
        let SnapshotLine::Change(change) = &lines[5] else { panic!("{:?}", lines[5]) };
        let Change::App(record) = change.as_ref() else { panic!("{change:?}") };
        assert_eq!(record.settings.check(), Ok(()));
        assert_eq!(record.limits.check(), Ok(()));
        let credential = &record.credentials[0];
        let secret = master_key.open(&credential.sealed_secret, credential.key.as_str()).unwrap();
        assert_eq!(secret.as_str(), App::nth(2).secret);
    }
}
