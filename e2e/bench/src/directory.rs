//! The directory a gateway is measured with, in the lines of a snapshot.

use crate::apps::App;
use contract::{
    AppId, AppLimits, AppSettings, BadId, OrganisationId,
    directory::{AppCredential, AppRecord, At, Change, End, SnapshotLine},
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
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Writes a snapshot with this many apps, their limits out of the benchmark's way.
pub fn write(
    apps: u32,
    master_key: &MasterKey,
    out: &mut impl Write,
) -> Result<(), DirectoryError> {
    let revision = 1;
    line(out, &SnapshotLine::Start { snapshot: At { revision } })?;
    for n in 0..apps {
        let record = record(&App::nth(n), master_key)?;
        line(out, &SnapshotLine::Change(Box::new(Change::App(record))))?;
    }
    line(out, &SnapshotLine::End { end: End { revision, records: apps.into() } })
}

fn record(app: &App, master_key: &MasterKey) -> Result<AppRecord, DirectoryError> {
    Ok(AppRecord {
        id: app.id.parse::<AppId>()?,
        organisation: OrganisationId::new("bench"),
        enabled: true,
        credentials: vec![AppCredential {
            key: app.key.parse()?,
            sealed_secret: master_key.seal(&app.secret, &app.key)?,
        }],
        settings: AppSettings::default(),
        limits: AppLimits {
            max_connections: 1_000_000,
            max_publishes_per_s: 1_000_000,
            ..AppLimits::default()
        },
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
        assert_eq!(lines.len(), 5);
        assert_eq!(lines[4], SnapshotLine::End { end: End { revision: 1, records: 3 } });
        let SnapshotLine::Change(change) = &lines[3] else { panic!("{:?}", lines[3]) };
        let Change::App(record) = change.as_ref() else { panic!("{change:?}") };
        assert_eq!(record.limits.check(), Ok(()));
        let credential = &record.credentials[0];
        let secret = master_key.open(&credential.sealed_secret, credential.key.as_str()).unwrap();
        assert_eq!(secret.as_str(), App::nth(2).secret);
    }
}
