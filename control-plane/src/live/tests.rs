use super::{Viewers, relay::Lines};
use crate::{
    db::PersonId,
    testing::{Customer, GATEWAY_TOKEN, Service, service},
};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use futures_util::stream;
use serde_json::Value;
use sqlx::PgPool;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::broadcast,
    time::timeout,
};
use uuid::Uuid;

const IN_TIME: Duration = Duration::from_secs(5);

/// A gateway's ops listener: passes on what is sent into the channel.
async fn ops_listener() -> (broadcast::Sender<String>, String) {
    let lines = broadcast::Sender::new(2_000);
    let shared = lines.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(shared.clone()))
            .route("/internal/v1/apps/{app}/live", web::get().to(stream_lines))
    });
    let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", server.addrs()[0]);
    tokio::spawn(server.run());
    (lines, url)
}

async fn stream_lines(
    request: HttpRequest,
    lines: web::Data<broadcast::Sender<String>>,
) -> HttpResponse {
    let bearer = request.headers().get("authorization").map(|v| v.as_bytes().to_vec());
    if bearer != Some(format!("Bearer {GATEWAY_TOKEN}").into_bytes()) {
        return HttpResponse::Unauthorized().finish();
    }
    let body = stream::unfold(lines.subscribe(), |mut lines| async move {
        let line = lines.recv().await.ok()?;
        Some((Ok::<_, actix_web::Error>(web::Bytes::from(line)), lines))
    });
    HttpResponse::Ok().streaming(body)
}

/// As much of a WebSocket client as these tests need.
struct Viewer {
    socket: TcpStream,
    status: u16,
}

impl Viewer {
    async fn open(service: &Service, who: &Customer, origin: Option<&str>) -> Self {
        let host = service.base.strip_prefix("http://").unwrap();
        let mut socket = TcpStream::connect(host).await.unwrap();
        let origin = origin.map_or(String::new(), |o| format!("Origin: {o}\r\n"));
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Cookie: {}\r\n{origin}\r\n",
            who.of_app("/live"),
            who.cookie,
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.unwrap());
        }
        let status = String::from_utf8_lossy(&head[9..12]).parse().unwrap();
        Self { socket, status }
    }

    /// The next text frame, or the code of the close frame. Pings are passed over.
    async fn frame(&mut self) -> Result<Value, u16> {
        loop {
            let opcode = self.socket.read_u8().await.unwrap() & 0x0f;
            let short = self.socket.read_u8().await.unwrap();
            let length = match short {
                126 => usize::from(self.socket.read_u16().await.unwrap()),
                short => usize::from(short),
            };
            let mut payload = vec![0; length];
            self.socket.read_exact(&mut payload).await.unwrap();
            match opcode {
                1 => return Ok(serde_json::from_slice(&payload).unwrap()),
                8 => return Err(u16::from_be_bytes([payload[0], payload[1]])),
                _ => {}
            }
        }
    }
}

fn event(n: usize) -> String {
    format!(
        r#"{{"at_ms":{n},"kind":"published","channel":"c","event":"e","data":"{}","dialect":"pusher"}}"#,
        "x".repeat(50)
    ) + "\n"
}

#[sqlx::test(migrations = "../migrations")]
async fn events_of_every_gateway_reach_the_viewer(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let (first, first_url) = ops_listener().await;
    let (second, second_url) = ops_listener().await;
    let _first = service.gateway_at("first", 0, &first_url).await;
    let _second = service.gateway_at("second", 0, &second_url).await;
    let mut viewer = Viewer::open(&service, &ann, Some("http://127.0.0.1:8000")).await;
    assert_eq!(viewer.status, 101);
    for (gateway, n) in [(&first, 1), (&second, 2)] {
        timeout(IN_TIME, async {
            while gateway.receiver_count() == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .expect("the gateway is watched");
        gateway.send(event(n)).unwrap();
        let shown = timeout(IN_TIME, viewer.frame()).await.expect("in time").unwrap();
        assert_eq!(
            (shown["at_ms"].as_u64(), &shown["kind"]),
            (Some(n as u64), &"published".into())
        );
    }
    // Leaving is noticed, and the gateways are no longer read.
    drop(viewer);
    timeout(IN_TIME, async {
        while first.receiver_count() > 0 {
            // A stream's end shows when it is written to.
            let _ = first.send(event(3));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("streams end with their viewer");
}

#[sqlx::test(migrations = "../migrations")]
async fn only_members_from_the_console_may_watch(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    let bobs_eyes = Customer { cookie: bob.cookie.clone(), ..ann.clone() };
    let nobody = Customer { cookie: "signalbox_session=x".into(), ..ann.clone() };
    for (who, origin, status) in [
        (&ann, Some("https://evil.test"), 403),
        (&ann, Some("null"), 403),
        (&bobs_eyes, None, 404),
        (&nobody, None, 401),
        (&ann, Some("http://localhost:8000"), 101),
        (&ann, None, 101),
    ] {
        assert_eq!(Viewer::open(&service, who, origin).await.status, status, "{origin:?}");
    }
    ann.get(&ann.of_app("/live")).await.expect_status(400);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_slow_viewer_is_told_how_much_was_missed(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let (gateway, url) = ops_listener().await;
    let _gateway = service.gateway_at("gw", 0, &url).await;
    let mut viewer = Viewer::open(&service, &ann, None).await;
    timeout(IN_TIME, async {
        while gateway.receiver_count() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("the gateway is watched");
    const SENT: u64 = 40_000;
    let mut lines = String::new();
    for n in 0..SENT {
        lines.push_str(&event(n as usize));
    }
    gateway.send(lines).unwrap();
    let (mut shown, mut dropped) = (0, 0);
    timeout(IN_TIME * 4, async {
        while shown + dropped < SENT {
            let frame = viewer.frame().await.unwrap();
            match frame["kind"].as_str() {
                Some("dropped") => dropped += frame["count"].as_u64().unwrap(),
                _ => shown += 1,
            }
        }
    })
    .await
    .unwrap_or_else(|_| panic!("{shown} shown and {dropped} dropped of {SENT}"));
    assert!(dropped > 0, "the queue is bounded");
}

#[sqlx::test(migrations = "../migrations")]
async fn stopping_says_so_to_viewers(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut viewer = Viewer::open(&service, &ann, None).await;
    service.state.closing.send_replace(true);
    let closed = timeout(IN_TIME, viewer.frame()).await.expect("in time");
    assert_eq!(closed, Err(1012), "service restart");
}

#[test]
fn a_person_has_eight_views_at_most_and_gets_places_back() {
    let (viewers, person) = (Viewers::default(), PersonId(Uuid::new_v4()));
    let mut permits: Vec<_> = (0..8).map(|_| viewers.admit(person).unwrap()).collect();
    assert!(viewers.admit(person).is_err());
    assert!(viewers.admit(PersonId(Uuid::new_v4())).is_ok());
    permits.pop();
    assert!(viewers.admit(person).is_ok());
    permits.clear();
    assert!(viewers.0.lock().unwrap().is_empty(), "nothing is kept of those who left");
}

#[test]
fn only_whole_live_events_pass_however_they_are_cut() {
    let good = r#"{"at_ms":1,"kind":"dropped","count":2}"#;
    let text = format!(
        "{good}\nnot json\n{{\"kind\":\"unheard_of\"}}\n{}\n{good}\n{good}",
        "x".repeat(100_000)
    );
    for size in [1, 7, 1_000, 1_000_000] {
        let (mut lines, mut passed) = (Lines::default(), Vec::new());
        for chunk in text.as_bytes().chunks(size) {
            lines.push(&web::Bytes::copy_from_slice(chunk), |line| passed.push(line));
        }
        assert_eq!(passed, [good, good], "chunks of {size}; the last line has no end");
    }
}
