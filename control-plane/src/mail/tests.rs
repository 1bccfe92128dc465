use super::{
    Letter, Mail, MailSettings, Mailer, inbox::Received, send_later, send_sealed, sink::Sink,
};
use crate::{
    people::model::EmailAddress,
    testing::{Service, service, service_with},
};
use sqlx::PgPool;
use std::{path::PathBuf, process::Command, sync::Arc};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};
use uuid::Uuid;

fn mail(subject: &str) -> Mail {
    let to = EmailAddress::try_from("ann@example.com".to_owned()).unwrap();
    Letter::new(subject)
        .paragraph("Grüße from Signalbox")
        .link("Open", "https://c.test/a#token=abc")
        .to(to)
}

async fn enqueue(service: &Service, mail: &Mail) {
    let mut tx = service.state.db.anonymous().await.unwrap();
    send_later(tx.db(), mail).await.unwrap();
    tx.commit().await.unwrap();
}

async fn jobs(db: &PgPool) -> Vec<(i32, bool, Option<String>)> {
    sqlx::query_as("SELECT attempts, failed_at IS NOT NULL, last_error FROM jobs ORDER BY id")
        .fetch_all(db)
        .await
        .unwrap()
}

async fn make_due(db: &PgPool) {
    sqlx::query("UPDATE jobs SET run_at = now()").execute(db).await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn without_a_server_mail_lies_in_a_folder(db: PgPool) {
    let service = service(&db).await;
    enqueue(
        &service,
        &mail("Ein Gruß an Sie, länger als eine Zeile einer Mail sein darf, also umbrochen"),
    )
    .await;
    let mails = service.mails().await;
    assert_eq!(mails.len(), 1);
    let one = &mails[0];
    assert_eq!(one.to, "ann@example.com");
    assert_eq!(
        one.subject,
        "Ein Gruß an Sie, länger als eine Zeile einer Mail sein darf, also umbrochen"
    );
    assert!(one.text.contains("Grüße from Signalbox\n") && one.token() == "abc", "{one:?}");
    assert!(one.html.contains("<p>Grüße from Signalbox</p>"), "{one:?}");
    assert!(one.raw.is_ascii(), "any server takes it");
    assert!(jobs(&db).await.is_empty());
}

#[sqlx::test(migrations = "../migrations")]
async fn mail_that_holds_a_secret_cannot_be_read_in_the_database(db: PgPool) {
    let service = service(&db).await;
    let mut tx = service.state.db.anonymous().await.unwrap();
    send_sealed(&service.state.master_key, tx.db(), &mail("Secret")).await.unwrap();
    tx.commit().await.unwrap();
    let kept: String =
        sqlx::query_scalar("SELECT payload::text FROM jobs").fetch_one(&db).await.unwrap();
    assert!(!kept.contains("abc") && !kept.contains("ann@"), "{kept}");
    assert_eq!(service.mails().await[0].token(), "abc");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not(db: PgPool) {
    let sink = Sink::answering(&["451 4.7.1 greylisted", "250 ok", "550 5.1.1 no such user"]);
    let port = sink.listen().await;
    let url = format!("smtp://127.0.0.1:{port}?tls=none");
    let service = service_with(&db, |s| s.smtp_url = Some(url)).await;

    enqueue(&service, &mail("First")).await;
    service.run_jobs().await;
    let waiting = jobs(&db).await;
    assert!(
        matches!(&waiting[..], [(1, false, Some(e))] if e.contains("greylisted")),
        "{waiting:?}"
    );
    make_due(&db).await;
    service.run_jobs().await;
    assert!(jobs(&db).await.is_empty(), "delivered");
    let received = sink.received.lock().unwrap().clone();
    assert_eq!(received.len(), 1);
    assert!(received[0].contains("MAIL FROM:<no-reply@localhost>"), "{}", received[0]);
    assert!(received[0].contains("RCPT TO:<ann@example.com>"), "{}", received[0]);
    let message = received[0].split("DATA\r\n").nth(1).unwrap();
    assert_eq!(Received::parse(message).subject, "First");

    enqueue(&service, &mail("Second")).await;
    service.run_jobs().await;
    let failed = jobs(&db).await;
    assert!(
        matches!(&failed[..], [(1, true, Some(e))] if e.contains("no such user")),
        "{failed:?}"
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn a_server_that_is_away_is_tried_again(db: PgPool) {
    let service =
        service_with(&db, |s| s.smtp_url = Some("smtp://127.0.0.1:9?tls=none".into())).await;
    enqueue(&service, &mail("Later")).await;
    service.run_jobs().await;
    assert!(matches!(&jobs(&db).await[..], [(1, false, Some(_))]));
}

#[sqlx::test(migrations = "../migrations")]
async fn with_nowhere_to_go_mail_is_given_up_and_says_why(db: PgPool) {
    let service = service_with(&db, |s| s.mail_dir = None).await;
    enqueue(&service, &mail("Nowhere")).await;
    service.run_jobs().await;
    let failed = jobs(&db).await;
    assert!(
        matches!(&failed[..], [(1, true, Some(e))] if e.contains("SIGNALBOX_SMTP_URL")),
        "{failed:?}"
    );
}

/// A certificate for 127.0.0.1, by the tool that every machine has.
struct Certificate {
    folder: PathBuf,
}

impl Certificate {
    fn new() -> Self {
        let folder =
            std::env::temp_dir().join(format!("signalbox-cert-{}", Uuid::new_v4().simple()));
        std::fs::create_dir(&folder).unwrap();
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
            ])
            .args(["-days", "2", "-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-keyout", "key.pem", "-out", "cert.pem"])
            .current_dir(&folder)
            .output()
            .expect("openssl");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self { folder }
    }

    fn path(&self) -> String {
        self.folder.join("cert.pem").display().to_string()
    }

    fn acceptor(&self) -> TlsAcceptor {
        use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
        let certificate = CertificateDer::from_pem_file(self.folder.join("cert.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(self.folder.join("key.pem")).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate], key).unwrap()))
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn mailer(url: &str, ca: Option<&str>) -> Mailer {
    let settings = MailSettings::new(Some(url), ca, None, Some("ops@example.com"));
    Mailer::new(&settings.map_err(|e| e.to_string()).unwrap())
}

#[tokio::test]
async fn passwords_and_mail_travel_encrypted_or_not_at_all() {
    crate::state::install_tls();
    let certificate = Certificate::new();
    let ca = certificate.path();
    for (scheme, from_the_first_byte) in [("smtps", true), ("smtp", false)] {
        let sink = Sink::default().with_tls(certificate.acceptor(), from_the_first_byte);
        let url = format!("{scheme}://ann:s3cret@127.0.0.1:{}", sink.listen().await);

        let untrusted = mailer(&url, None).send(&mail("Hello")).await.unwrap_err();
        assert!(!untrusted.is_final(), "{scheme}: {untrusted}");
        assert!(sink.logins.lock().unwrap().is_empty(), "{scheme}: nobody untrusted is told");

        mailer(&url, Some(&ca)).send(&mail("Hello")).await.unwrap();
        assert_eq!(sink.received.lock().unwrap().len(), 1, "{scheme}");
        let logins = sink.logins.lock().unwrap();
        assert!(
            matches!(&logins[..], [(login, true)] if login.starts_with("AUTH")),
            "{scheme}: {logins:?}"
        );
    }
    // A server that no longer offers STARTTLS, or somebody between who hides it.
    let plain = Sink::default();
    let url = format!("smtp://ann:s3cret@127.0.0.1:{}", plain.listen().await);
    let refused = mailer(&url, Some(&ca)).send(&mail("Hello")).await.unwrap_err();
    assert!(!refused.is_final(), "{refused}");
    assert!(plain.logins.lock().unwrap().is_empty() && plain.received.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_wrong_password_is_the_operators_to_mend_and_is_not_repeated_in_errors() {
    crate::state::install_tls();
    let certificate = Certificate::new();
    let sink =
        Sink { refuse_login: true, ..Sink::default() }.with_tls(certificate.acceptor(), true);
    let url = format!("smtps://ann:s3cret@127.0.0.1:{}", sink.listen().await);
    let refused = mailer(&url, Some(&certificate.path())).send(&mail("Hello")).await.unwrap_err();
    assert!(!refused.is_final(), "{refused}");
    let text = format!("{refused} {refused:?}");
    assert!(text.contains("no such login") && !text.contains("s3cret"), "{text}");
}
