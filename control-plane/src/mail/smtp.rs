//! Sending by SMTP, and what the server's answers mean.

use super::{SendError, settings::SmtpServer};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    transport::smtp::{Error, response::Code},
};
use std::time::Duration;

pub type Smtp = AsyncSmtpTransport<Tokio1Executor>;

/// For each step of the conversation.
const STEP_TIMEOUT: Duration = Duration::from_secs(20);
/// For the whole of it: a server that answers every step just in time is away as well.
const TIMEOUT: Duration = Duration::from_secs(90);

pub fn connect_to(server: &SmtpServer) -> Smtp {
    let mut transport = Smtp::builder_dangerous(&server.host)
        .port(server.port)
        .tls(server.tls.clone())
        .timeout(Some(STEP_TIMEOUT));
    if let Some(credentials) = &server.credentials {
        transport = transport.credentials(credentials.clone());
    }
    transport.build()
}

pub async fn send(server: &Smtp, message: Message) -> Result<(), SendError> {
    match tokio::time::timeout(TIMEOUT, server.send(message)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(meaning(&error)),
        Err(_) => Err(SendError::Unavailable("it took too long".into())),
    }
}

fn meaning(error: &Error) -> SendError {
    let text = error.to_string();
    match error.is_permanent() && !error.status().is_some_and(is_about_us) {
        true => SendError::Refused(text),
        false => SendError::Unavailable(text),
    }
}

/// A 5xx that speaks of our account at the server, which an operator can put right, and not of this
/// mail: authentication (RFC 4954) and a required STARTTLS.
fn is_about_us(code: Code) -> bool {
    matches!(u16::from(code), 530 | 534 | 535 | 538)
}
