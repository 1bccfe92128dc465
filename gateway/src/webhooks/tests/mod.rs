//! From the engine to a control plane that does as the test tells it, over disks that fill up and
//! processes that are killed.

mod bounds;
mod killed;
mod shipping;
mod spool;
mod standing;

use super::{Shipper, Webhooks};
use crate::{
    admission::tests::master,
    config::{Config, Flags},
    dialects::pusher::fixtures,
    directory::Directory,
    hub::clock,
};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, http::StatusCode, web};
use contract::{
    SocketId,
    directory::Change,
    webhooks::{ChannelEvent, ChannelEventBatch, Happening, HookKind, HookSet},
};
use realtime::{
    Delivery, EngineConfig, Join, OriginId, Outlet, Payload, Publish, Router, Sender, Topic,
};
use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::Duration,
};

/// How a request is met.
#[derive(Clone, Copy, Debug)]
pub enum Met {
    Stored,
    /// Stored, but the answer says otherwise.
    StoredUnheard,
    Refused(StatusCode),
}

#[derive(Default)]
pub struct Script {
    /// What is stored, by (boot, seq), and in which order it came.
    pub stored: Mutex<BTreeMap<(String, u64), ChannelEvent>>,
    pub came: Mutex<Vec<(String, u64)>>,
    pub next: Mutex<VecDeque<Met>>,
    /// A channel whose events are not taken.
    pub unwanted: Mutex<Option<&'static str>>,
}

impl Script {
    pub fn meet(&self, met: impl IntoIterator<Item = Met>) {
        self.next.lock().unwrap().extend(met);
    }

    /// What is stored of a boot, in short words.
    pub fn told(&self, boot: &str) -> Vec<String> {
        let stored = self.stored.lock().unwrap();
        let of_boot = stored.iter().filter(|((of, _), _)| of == boot);
        of_boot.map(|((_, seq), event)| format!("{seq} {}", in_words(event))).collect()
    }
}

pub fn in_words(event: &ChannelEvent) -> String {
    let channel = event.channel.as_str();
    match &event.what {
        Happening::ChannelOccupied => format!("{channel} occupied"),
        Happening::ChannelVacated => format!("{channel} vacated"),
        Happening::MemberAdded { user_id } => format!("{channel} added {user_id}"),
        Happening::MemberRemoved { user_id } => format!("{channel} removed {user_id}"),
        Happening::ClientEvent { event, data, user_id, .. } => {
            let user = user_id.as_ref().map_or("nobody", |user| user.as_str());
            format!("{channel} {event} {data} as {user}")
        }
        Happening::CacheMiss => format!("{channel} miss"),
        Happening::SubscriptionCount { subscription_count } => {
            format!("{channel} count {subscription_count}")
        }
    }
}

/// A control plane on loopback.
pub struct ControlPlane {
    pub script: Arc<Script>,
    pub url: String,
    server: actix_web::dev::ServerHandle,
}

async fn take(
    request: HttpRequest,
    body: web::Json<ChannelEventBatch>,
    script: web::Data<Arc<Script>>,
) -> HttpResponse {
    assert_eq!(request.headers().get("authorization").unwrap(), "Bearer 0123456789abcdef");
    assert!(!body.events.is_empty() && body.events.len() <= ChannelEventBatch::MAX_EVENTS);
    assert!(body.events.is_sorted_by_key(|event| event.seq));
    let met = script.next.lock().unwrap().pop_front().unwrap_or(Met::Stored);
    if let Met::Refused(status) = met {
        return HttpResponse::build(status).finish();
    }
    let unwanted = *script.unwanted.lock().unwrap();
    if body.events.iter().any(|event| Some(event.channel.as_str()) == unwanted) {
        return HttpResponse::UnprocessableEntity().finish();
    }
    let ChannelEventBatch { boot, events, .. } = body.into_inner();
    for event in events {
        script.came.lock().unwrap().push((boot.clone(), event.seq));
        let before = script.stored.lock().unwrap().insert((boot.clone(), event.seq), event.clone());
        assert!(before.is_none_or(|before| before == event), "one number, one event");
    }
    match met {
        Met::StoredUnheard => HttpResponse::ServiceUnavailable().finish(),
        _ => HttpResponse::NoContent().finish(),
    }
}

impl ControlPlane {
    pub fn start() -> Self {
        let script = Arc::new(Script::default());
        let data = web::Data::new(script.clone());
        let server = HttpServer::new(move || {
            let json = web::JsonConfig::default().limit(ChannelEventBatch::MAX_BYTES);
            App::new()
                .app_data(data.clone())
                .app_data(json)
                .route("/internal/v1/channel-events", web::post().to(take))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        actix_rt::spawn(server);
        Self { script, url, server: handle }
    }

    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}

struct Deaf;

impl Outlet for Deaf {
    fn has_room(&self) -> bool {
        true
    }
    fn deliver(&self, _: Delivery) {}
}

/// One life of a gateway's engine and what tells of it. Letting go of it is like `kill -9`, but for
/// what its thread still writes.
pub struct Life {
    pub webhooks: Arc<Webhooks>,
    pub shipper: Shipper,
    pub router: Router,
    pub directory: Directory,
    origin: OriginId,
    pub began_ms: u64,
}

impl Life {
    pub fn begin(folder: &Path, boot: &str, url: &str, limit: u64) -> Self {
        let flags = Flags {
            control_plane_url: Some(url.into()),
            gateway_id: Some("g1".into()),
            state_dir: Some(folder.into()),
            webhook_spool_bytes: Some(limit.to_string()),
            master_key: Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into()),
            gateway_token: Some("0123456789abcdef".into()),
            ..Flags::default()
        };
        let config = Config::load(flags).unwrap();
        let directory = Directory::new(master());
        let mut record = fixtures::record();
        record.credentials.clear();
        record.webhooks = HookKind::ALL.into_iter().collect();
        assert!(directory.apply(1, Change::App(record)).is_none());
        let webhooks = Webhooks::open(&config, boot, &directory).unwrap();
        let shipper = Shipper::new(webhooks.clone(), &config).unwrap();
        let router = Router::seen_by(webhooks.clone(), EngineConfig::default());
        let origin = router.register(Arc::new(Deaf));
        let began_ms = clock::unix_ms();
        webhooks.begin(&router);
        Self { webhooks, shipper, router, directory, origin, began_ms }
    }

    /// The app's wishes from now on.
    pub fn want(&self, kinds: HookSet) {
        let mut record = fixtures::record();
        record.credentials.clear();
        record.webhooks = kinds;
        let revision = self.directory.status().applied() + 1;
        assert!(self.directory.apply(revision, Change::App(record)).is_none());
    }

    pub fn topic(channel: &str) -> Topic {
        Topic { app: fixtures::APP.parse().unwrap(), channel: channel.parse().unwrap() }
    }

    pub fn join(&self, channel: &str, socket: u64, user: Option<&str>, now_ms: u64) {
        let join = Join {
            topic: Self::topic(channel),
            origin: self.origin,
            socket: SocketId::from_random(socket),
            member: user.map(|user| realtime::Member::new(user.parse().unwrap(), None)),
            replace_info: false,
            max_members: 1_000,
            announce_count: false,
        };
        self.router.join(join, now_ms);
    }

    pub fn leave(&self, channel: &str, socket: u64, now_ms: u64) {
        let socket = SocketId::from_random(socket);
        self.router.leave(&Self::topic(channel), self.origin, socket, now_ms, false, 0);
    }

    pub fn say(&self, channel: &str, data: &str, now_ms: u64) {
        let data = Payload::Text(data.into());
        let name = "client-said".parse().unwrap();
        let sender = Sender::Socket { socket: SocketId::from_random(1), identity: None };
        let from_server = Publish::from_server(Self::topic(channel), name, data);
        let taken = self.router.try_publish_now(Publish { sender, ..from_server }, now_ms);
        assert!(matches!(taken, Ok(Ok(_))));
    }

    /// Until everything that was seen is written, or dropped.
    pub fn written(&self) {
        while self.webhooks.queued() > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        // What was taken from the queue is being written.
        let counted = || {
            let health = &self.webhooks.health;
            HookKind::ALL.map(|kind| health.kept(kind) + health.dropped(kind)).iter().sum::<u64>()
        };
        let mut before = (counted(), self.webhooks.spool.bytes());
        loop {
            std::thread::sleep(Duration::from_millis(15));
            let now = (counted(), self.webhooks.spool.bytes());
            if now == before {
                return;
            }
            before = now;
        }
    }

    pub async fn ship(&self) -> Result<(), super::ShipError> {
        self.written();
        self.shipper.ship().await
    }

    pub fn end(self) {
        self.written();
        self.webhooks.close();
    }
}
