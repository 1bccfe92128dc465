//! Sending, by whichever way is configured.

use super::{
    Mail, MailSettings, folder, message,
    settings::Way,
    smtp::{self, Smtp},
};
use lettre::message::Mailbox;
use std::path::PathBuf;

pub struct Mailer {
    from: Mailbox,
    way: Outlet,
}

enum Outlet {
    Smtp(Smtp),
    Folder(PathBuf),
    Nowhere,
}

#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("mail goes nowhere: set SIGNALBOX_SMTP_URL or SIGNALBOX_MAIL_DIR")]
    NotConfigured,
    #[error("{0}")]
    Malformed(String),
    #[error("the mail server refused it: {0}")]
    Refused(String),
    #[error("the mail server cannot be used now: {0}")]
    Unavailable(String),
    #[error("the mail folder: {0}")]
    Folder(#[from] std::io::Error),
}

impl SendError {
    /// Whether it would be no different next time.
    pub fn is_final(&self) -> bool {
        match self {
            Self::NotConfigured | Self::Malformed(_) | Self::Refused(_) => true,
            Self::Unavailable(_) | Self::Folder(_) => false,
        }
    }
}

impl Mailer {
    pub fn new(settings: &MailSettings) -> Self {
        let way = match &settings.way {
            Way::Smtp(server) => Outlet::Smtp(smtp::connect_to(server)),
            Way::Folder(folder) => Outlet::Folder(folder.clone()),
            Way::Nowhere => Outlet::Nowhere,
        };
        Self { from: settings.from.clone(), way }
    }

    /// Says at the start where mail goes; an operator should not find out from a customer.
    pub fn announce(&self) {
        match &self.way {
            Outlet::Smtp(_) => tracing::info!("mail is sent by SMTP"),
            Outlet::Folder(folder) => {
                tracing::info!(folder = %folder.display(), "mail is written to a folder");
            }
            Outlet::Nowhere => {
                tracing::warn!("no mail is sent: set SIGNALBOX_SMTP_URL or SIGNALBOX_MAIL_DIR");
            }
        }
    }

    pub async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        let message = message::compose(&self.from, mail).map_err(SendError::Malformed)?;
        match &self.way {
            Outlet::Smtp(server) => smtp::send(server, message).await,
            Outlet::Folder(folder) => Ok(folder::write(folder, &message.formatted()).await?),
            Outlet::Nowhere => Err(SendError::NotConfigured),
        }
    }
}
