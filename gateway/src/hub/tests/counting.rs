//! What passes through the hub is counted for those whose it is.

use super::{connection, connection_by};
use crate::{
    dialects::pusher::{VOICE, fixtures},
    hub::{
        Hub,
        connection::Connection,
        effect::{Effect, Outgoing},
        topics::{Due, LocalTopic},
    },
    metering::Totals,
};
use contract::SocketId;
use realtime::{Member, Payload, Topic};
use std::{rc::Rc, sync::Arc, time::Duration};
use tokio::{io::AsyncReadExt, net::TcpStream};

/// Two units, whatever is around it.
const PAYLOAD_BYTES: usize = 5_121;

async fn hear_an_event(client: &mut TcpStream) {
    let (mut buffer, mut read) = ([0; 16 << 10], 0);
    while read < PAYLOAD_BYTES {
        read += client.read(&mut buffer).await.unwrap();
    }
}

async fn hears_nothing(client: &mut TcpStream) {
    let mut buffer = [0; 64];
    let read = tokio::time::timeout(Duration::from_millis(50), client.read(&mut buffer)).await;
    assert!(read.is_err(), "{read:?}");
}

fn subscribe(hub: &Hub, connection: &Rc<Connection>, channel: &str) {
    let channel: contract::ChannelName = channel.parse().unwrap();
    hub.converse(connection, |_, _, out| {
        out.push(Effect::Join { channel: channel.clone(), member: None, replace_info: false });
        out.push(Effect::Hear { channel, voice: VOICE });
    });
}

fn totals(connection: &Connection) -> Totals {
    connection.meter().totals()
}

#[actix_web::test]
async fn an_event_counts_where_it_was_published_and_where_it_was_heard() {
    let gateway = fixtures::gateway(fixtures::directory(|_| {}));
    let app = gateway.directory.app_by_path(fixtures::APP).unwrap();
    let hub = Hub::here(&gateway);
    let open = async |n, key| {
        let opened = connection_by(&app, SocketId::from_random(n), 1 << 20, key).await;
        hub.add(&opened.0);
        opened
    };
    let (speaker, mut of_speaker) = open(1, Some(fixtures::KEY)).await;
    let (hearer, mut of_hearer) = open(2, Some(fixtures::NEXT_KEY)).await;
    let (listener, mut of_listener) = open(3, None).await;
    subscribe(&hub, &speaker, "chat");
    subscribe(&hub, &hearer, "chat");
    assert!(hub.listen(&listener, "ch*".parse().unwrap(), VOICE));
    let message = Outgoing {
        channel: "chat".parse().unwrap(),
        name: "client-said".parse().unwrap(),
        data: Payload::Text("x".repeat(PAYLOAD_BYTES).into()),
        identity: None,
        keep_history: true,
    };
    hub.converse(&speaker, |_, _, out| out.push(Effect::Publish { message, ticket: None }));
    hear_an_event(&mut of_hearer).await;
    hear_an_event(&mut of_listener).await;
    hears_nothing(&mut of_speaker).await;

    let spoke = totals(&speaker);
    assert_eq!((spoke.published, spoke.delivered), (1, 0));
    for heard in [totals(&hearer), totals(&listener)] {
        assert_eq!((heard.published, heard.delivered), (0, 1));
        assert!(heard.socket_bytes_out > PAYLOAD_BYTES as u64);
    }
    assert_eq!(app.counters.units(), 6, "two for each of three");
    assert_eq!(app.counters.recent().len(), 1);
}

#[actix_web::test]
async fn what_is_replayed_is_a_delivery_and_what_is_answered_is_not() {
    let gateway = fixtures::gateway(fixtures::directory(|_| {}));
    let app = gateway.directory.app_by_path(fixtures::APP).unwrap();
    let hub = Hub::here(&gateway);
    let (connection, mut client) = connection(&app, SocketId::from_random(1), 1 << 20).await;
    hub.converse(&connection, |_, _, out| {
        out.push(Effect::Send("an answer".into()));
        out.push(Effect::Deliver { text: "an event".into(), payload_bytes: PAYLOAD_BYTES });
    });
    let mut buffer = [0; 64];
    let read = client.read(&mut buffer).await.unwrap();
    let totals = totals(&connection);
    assert_eq!((totals.delivered, totals.socket_bytes_out), (1, read as u64));
    assert_eq!(app.counters.units(), 2);
    hub.converse(&connection, |_, _, out| {
        out.push(Effect::Deliver { text: "the last".into(), payload_bytes: 1 });
        out.push(Effect::Close { code: 4000, reason: "over" });
    });
    assert_eq!((connection.meter().totals().delivered, app.counters.units()), (2, 3));
}

#[actix_web::test]
async fn who_is_present_is_told_for_nothing() {
    let app = fixtures::app(|_| {});
    let (connection, _client) = connection(&app, SocketId::from_random(1), 1 << 20).await;
    let topic = Topic { app: app.id.clone(), channel: "presence-room".parse().unwrap() };
    let local = LocalTopic::new(topic, app);
    local.add(&connection, VOICE);
    let member = Member::new("ada".parse().unwrap(), None);
    local.due.borrow_mut().push(Due::MemberAdded(Arc::new(member)));
    let mut told = 0;
    local.fan_out(|_, bytes, tally| {
        told += 1;
        assert_eq!((tally.events, tally.units, tally.bytes as usize), (0, 0, bytes.len()));
    });
    assert_eq!(told, 1);
}
