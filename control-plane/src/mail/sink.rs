//! A mail server for tests: it says what it is told to say, and keeps what it is given.

use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

#[derive(Clone, Default)]
pub struct Sink {
    /// What it answers to RCPT TO, one after the other; 250 when there is none left.
    pub answers: Arc<Mutex<Vec<&'static str>>>,
    /// Each as it arrived, with the commands that led to it.
    pub received: Arc<Mutex<Vec<String>>>,
    /// Passwords that AUTH PLAIN brought, and whether the connection was encrypted.
    pub logins: Arc<Mutex<Vec<(String, bool)>>>,
    /// With a certificate: whether TLS starts with the first byte.
    pub tls: Option<(TlsAcceptor, bool)>,
    pub refuse_login: bool,
}

impl Sink {
    pub fn answering(answers: &[&'static str]) -> Self {
        let answers = Arc::new(Mutex::new(answers.iter().rev().copied().collect()));
        Self { answers, ..Self::default() }
    }

    pub fn with_tls(self, acceptor: TlsAcceptor, from_the_first_byte: bool) -> Self {
        Self { tls: Some((acceptor, from_the_first_byte)), ..self }
    }

    /// Listens for as long as the test runs; the port.
    pub async fn listen(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sink = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(sink.clone().serve(stream));
            }
        });
        port
    }

    async fn serve(self, stream: TcpStream) {
        match &self.tls {
            Some((acceptor, true)) => {
                if let Ok(stream) = acceptor.accept(stream).await {
                    self.talk(stream, true).await;
                }
            }
            Some((acceptor, false)) => {
                // An error is a client that does not trust us.
                if let Some(stream) = self.talk(stream, false).await
                    && let Ok(stream) = acceptor.accept(stream).await
                {
                    self.talk(stream, true).await;
                }
            }
            None => {
                self.talk(stream, false).await;
            }
        }
    }

    /// Until the client leaves, or wants TLS: then the stream comes back.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        encrypted: bool,
    ) -> Option<S> {
        let mut stream = BufReader::new(stream);
        let mut log = String::new();
        if !(encrypted && self.tls.as_ref().is_some_and(|(_, first)| !first)) {
            say(&mut stream, "220 sink ESMTP").await?;
        }
        loop {
            let line = read(&mut stream).await?;
            log.push_str(&line);
            let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            let answer = match verb.as_str() {
                "EHLO" if self.tls.is_some() && !encrypted => "250-sink\r\n250 STARTTLS",
                "EHLO" => "250-sink\r\n250 AUTH PLAIN LOGIN",
                "STAR" => {
                    say(&mut stream, "220 go on").await?;
                    return Some(stream.into_inner());
                }
                "AUTH" => {
                    self.logins.lock().unwrap().push((line.trim().to_owned(), encrypted));
                    if self.refuse_login { "535 5.7.8 no such login" } else { "235 welcome" }
                }
                "RCPT" => self.answers.lock().unwrap().pop().unwrap_or("250 ok"),
                "DATA" => {
                    say(&mut stream, "354 go on").await?;
                    loop {
                        let line = read(&mut stream).await?;
                        if line == ".\r\n" {
                            break;
                        }
                        log.push_str(&line);
                    }
                    self.received.lock().unwrap().push(std::mem::take(&mut log));
                    "250 kept"
                }
                "QUIT" => {
                    say(&mut stream, "221 bye").await?;
                    return None;
                }
                _ => "250 ok",
            };
            say(&mut stream, answer).await?;
        }
    }
}

async fn say<S: AsyncWrite + Unpin>(stream: &mut S, line: &str) -> Option<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
    stream.flush().await.ok()
}

async fn read<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    let n = stream.read_line(&mut line).await.ok()?;
    (n > 0).then_some(line)
}
