//! Mail as files, for a machine without a mail server: one `.eml` each, oldest name first.

use std::{io, os::unix::fs::DirBuilderExt, path::Path};
use time::OffsetDateTime;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

/// The file has its name once it is complete. Only its owner may read it: it may hold a link that
/// opens an account.
pub async fn write(folder: &Path, message: &[u8]) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let micros = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000;
    let name = format!("{micros}-{}", Uuid::new_v4().simple());
    let unfinished = folder.join(format!(".{name}.tmp"));
    let mut options = tokio::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&unfinished).await?;
    file.write_all(message).await?;
    file.flush().await?;
    tokio::fs::rename(&unfinished, folder.join(format!("{name}.eml"))).await
}
