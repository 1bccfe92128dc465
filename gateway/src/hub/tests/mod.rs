//! Connections over real loopback sockets, without a server around them.

mod connection;
mod counting;
mod listeners;
mod topics;

use super::connection::Connection;
use crate::{
    admission,
    dialects::{
        self,
        pusher::{ClientHint, Conversation, Opening, fixtures},
    },
    directory::App,
    wire::stream::Wire,
};
use contract::SocketId;
use std::{rc::Rc, sync::Arc};
use tokio::net::{TcpListener, TcpStream};

/// A connection and the client's end of its socket.
async fn connection(
    app: &Arc<App>,
    socket: SocketId,
    slow_bytes: usize,
) -> (Rc<Connection>, TcpStream) {
    connection_by(app, socket, slow_bytes, None).await
}

/// The same, opened with a key of the app.
async fn connection_by(
    app: &Arc<App>,
    socket: SocketId,
    slow_bytes: usize,
    opened_with: Option<&str>,
) -> (Rc<Connection>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (server, _) = server.unwrap();
    let key = fixtures::KEY.parse().unwrap();
    let opening = Opening { socket, key, client: ClientHint::Other, now_ms: 0 };
    let conversation = Conversation::open(opening, &app.state());
    let mut permit = admission::connect(app, None, false).unwrap();
    if let Some(key) = opened_with {
        permit.opened_with(&key.parse().unwrap(), 0);
    }
    let connection = Connection::new(
        socket,
        app.clone(),
        Wire::plain(server),
        dialects::Conversation::Pusher(conversation),
        permit,
        slow_bytes,
        0,
    );
    (connection, client.unwrap())
}
