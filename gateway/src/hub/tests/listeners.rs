use super::connection;
use crate::{
    dialects::pusher::{VOICE, fixtures},
    hub::{Hub, clock, connection::Connection, effect::Effect},
};
use contract::{Pattern, SocketId};
use realtime::{Payload, Publish, Topic};
use std::{rc::Rc, time::Duration};
use tokio::{io::AsyncReadExt, net::TcpStream};

struct Room {
    hub: Rc<Hub>,
    connection: Rc<Connection>,
    client: TcpStream,
}

async fn room() -> Room {
    let gateway = fixtures::gateway(fixtures::directory(|_| {}));
    let app = gateway.directory.app_by_path(fixtures::APP).unwrap();
    let (connection, client) = connection(&app, SocketId::from_random(7), 1 << 20).await;
    let hub = Hub::here(&gateway);
    hub.add(&connection);
    Room { hub, connection, client }
}

impl Room {
    fn listen(&self, pattern: &str) -> bool {
        self.hub.listen(&self.connection, pattern.parse().unwrap(), VOICE)
    }

    async fn publish(&self, channel: &str, except: Option<SocketId>) -> u32 {
        let app = fixtures::APP.parse().unwrap();
        let topic = Topic { app, channel: channel.parse().unwrap() };
        let data = Payload::Text(channel.into());
        let publish = Publish { except, ..Publish::from_server(topic, "e".parse().unwrap(), data) };
        let router = &self.hub.gateway.router;
        router.publish(publish, clock::unix_ms()).await.unwrap().delivered_to
    }

    /// The channels of all events that have come, in order.
    async fn heard(&mut self) -> Vec<String> {
        let mut text = Vec::new();
        let mut buffer = [0; 4096];
        let pause = Duration::from_millis(100);
        while let Ok(read) = tokio::time::timeout(pause, self.client.read(&mut buffer)).await {
            text.extend_from_slice(&buffer[..read.unwrap()]);
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        text.split(r#""channel":""#)
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
            .collect()
    }
}

#[actix_web::test]
async fn a_listener_gets_what_matches_once_and_under_its_own_name() {
    let mut room = room().await;
    assert!(room.listen("room-*") && room.listen("**"));
    for channel in ["room-1", "other", "room-2"] {
        assert_eq!(room.publish(channel, None).await, 1, "{channel}");
    }
    assert_eq!(room.heard().await, ["room-1", "other", "room-2"]);
    room.hub.unlisten(&room.connection, &"**".parse::<Pattern>().unwrap());
    for channel in ["other", "room-3"] {
        room.publish(channel, None).await;
    }
    assert_eq!(room.heard().await, ["room-3"]);
}

#[actix_web::test]
async fn who_subscribes_and_listens_gets_one_copy() {
    let mut room = room().await;
    let channel: contract::ChannelName = "room-1".parse().unwrap();
    room.hub.converse(&room.connection, |_, _, out| {
        out.push(Effect::Join { channel: channel.clone(), member: None, replace_info: false });
        out.push(Effect::Hear { channel, voice: VOICE });
    });
    assert!(room.listen("room-*"));
    assert_eq!(room.publish("room-1", None).await, 1);
    assert_eq!(room.heard().await, ["room-1"]);
}

#[actix_web::test]
async fn the_excepted_one_and_the_one_that_left_hear_nothing() {
    let mut room = room().await;
    assert!(room.listen("**"));
    assert_eq!(room.publish("news", Some(room.connection.socket)).await, 0);
    room.hub.forget(&room.connection);
    assert_eq!(room.publish("news", None).await, 0);
    assert!(room.heard().await.is_empty());
    assert!(room.hub.listeners.borrow().is_empty());
}
