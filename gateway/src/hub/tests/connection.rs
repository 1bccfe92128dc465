use super::connection;
use crate::{
    dialects::pusher::fixtures,
    hub::connection::{MAX_MESSAGES_PER_S, Phase, Sent},
    metering::Tally,
    wire::frame,
};
use bytes::Bytes;
use contract::SocketId;
use std::time::Duration;
use tokio::io::AsyncReadExt;

const SLOW: usize = 256 << 10;

#[actix_web::test]
async fn what_the_socket_takes_is_sent_at_once_and_the_rest_in_order() {
    let app = fixtures::app(|_| {});
    let (connection, mut client) = connection(&app, SocketId::from_random(1), usize::MAX).await;
    let mut expected = Vec::new();
    for n in 0..3_000_u32 {
        let piece = frame::text(&n.to_string().repeat(500).into_bytes());
        expected.extend_from_slice(&piece);
        let sent = connection.send(&piece, Tally::default(), 0);
        assert!(matches!(sent, Sent::Done | Sent::Queued), "{n}: {sent:?}");
    }
    assert!(connection.has_backlog(), "more than the socket takes");
    let mut read = vec![0; expected.len()];
    client.read_exact(&mut read).await.unwrap();
    assert!(read == expected, "every byte, in order");
}

#[actix_web::test]
async fn queued_frames_leave_in_one_write() {
    let app = fixtures::app(|_| {});
    let (connection, mut client) = connection(&app, SocketId::from_random(1), SLOW).await;
    for text in ["a", "b", "c"] {
        assert_eq!(
            connection.enqueue(frame::text(text.as_bytes()), Tally::default(), 0),
            Sent::Queued
        );
    }
    let _counted = connection.flush(0);
    let mut buffer = [0; 64];
    let n = client.read(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..n], [0x81, 1, b'a', 0x81, 1, b'b', 0x81, 1, b'c']);
}

#[actix_web::test]
async fn what_is_held_back_leaves_in_one_write_behind_its_head() {
    let app = fixtures::app(|_| {});
    let (connection, mut client) = connection(&app, SocketId::from_random(1), SLOW).await;
    connection.hold(Bytes::from_static(b"HTTP/1.1 101\r\n\r\n"), 0);
    assert_eq!(connection.send_own(&frame::text(b"a"), Tally::default(), 0), Sent::Queued);
    assert_eq!(connection.send(&frame::text(b"b"), Tally::default(), 0), Sent::Queued);
    let early = tokio::time::timeout(Duration::from_millis(20), client.read_u8()).await;
    assert!(early.is_err(), "nothing is written yet");
    connection.release(0);
    let mut buffer = [0; 64];
    let n = client.read(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..n], b"HTTP/1.1 101\r\n\r\n\x81\x01a\x81\x01b");
    assert_eq!(connection.send_own(&frame::text(b"c"), Tally::default(), 0), Sent::Done);
}

#[actix_web::test]
async fn pauses_and_closes_keep_their_place_in_what_is_held_back() {
    let app = fixtures::app(|_| {});
    let (connection, mut client) = connection(&app, SocketId::from_random(1), SLOW).await;
    connection.hold(Bytes::from_static(b"head"), 0);
    connection.pause(30);
    assert_eq!(connection.send_own(&frame::text(b"a"), Tally::default(), 0), Sent::Queued);
    connection.close(&[], 4001, "no", 0);
    connection.release(0);
    let mut buffer = [0; 64];
    let n = client.read(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..n], b"head", "up to the pause");
    let n = client.read(&mut buffer).await.unwrap();
    let rest = [&frame::text(b"a")[..], &frame::close(4001, "no")[..]].concat();
    assert_eq!(&buffer[..n], rest);
}

#[actix_web::test]
async fn a_reader_that_does_not_read_is_found_out_at_the_bound() {
    let app = fixtures::app(|_| {});
    let (connection, _client) = connection(&app, SocketId::from_random(1), SLOW).await;
    let piece = Bytes::from(vec![0; 64 << 10]);
    let found =
        (0..1_000).any(|_| connection.send(&piece, Tally::default(), 5) == Sent::TooFarBehind);
    assert!(found);
    assert_eq!(connection.stuck_since(), Some(5));
}

#[actix_web::test]
async fn nothing_follows_a_close_frame() {
    let app = fixtures::app(|_| {});
    let (connection, mut client) = connection(&app, SocketId::from_random(1), SLOW).await;
    connection.close(&[], 4001, "no", 7);
    assert_eq!(connection.phase(), Phase::Closing { since: 7 });
    assert_eq!(connection.send(&frame::text(b"late"), Tally::default(), 8), Sent::NotOpen);
    assert_eq!(connection.enqueue(frame::text(b"late"), Tally::default(), 8), Sent::NotOpen);
    connection.close(&[], 4200, "again", 9);
    connection.cut();
    let mut all = Vec::new();
    client.read_to_end(&mut all).await.unwrap();
    assert_eq!(all, frame::close(4001, "no"));
}

#[actix_web::test]
async fn a_second_holds_so_many_messages_and_one_more_is_a_flood() {
    let app = fixtures::app(|_| {});
    let (connection, _client) = connection(&app, SocketId::from_random(1), SLOW).await;
    assert!((0..MAX_MESSAGES_PER_S).all(|_| !connection.is_flooding(5_000)));
    assert!(connection.is_flooding(5_999), "one more in the same second");
    assert!(!connection.is_flooding(6_000), "the next second is counted afresh");
}

#[actix_web::test]
async fn what_follows_a_pause_is_written_later_and_in_order() {
    let app = fixtures::app(|_| {});
    let (connection, mut client) = connection(&app, SocketId::from_random(1), SLOW).await;
    assert_eq!(connection.send(&frame::text(b"a"), Tally::default(), 0), Sent::Done);
    connection.pause(30);
    assert_eq!(connection.send(&frame::text(b"b"), Tally::default(), 0), Sent::Queued);
    assert_eq!(connection.enqueue(frame::text(b"c"), Tally::default(), 0), Sent::Queued);
    let _counted = connection.flush(0);
    let mut buffer = [0; 64];
    let n = client.read(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..n], [0x81, 1, b'a']);
    let n = client.read(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..n], [0x81, 1, b'b', 0x81, 1, b'c']);
    assert_eq!(connection.send(&frame::text(b"d"), Tally::default(), 0), Sent::Done, "as before");
}

#[actix_web::test]
async fn each_pause_parts_two_writes_up_to_a_bound() {
    let app = fixtures::app(|_| {});
    let (connection, mut client) = connection(&app, SocketId::from_random(1), SLOW).await;
    for _ in 0..40 {
        connection.send(&frame::text(b"a"), Tally::default(), 0);
        connection.pause(5);
    }
    let (mut buffer, mut reads) = ([0; 256], Vec::new());
    while reads.iter().sum::<usize>() < 40 * 3 {
        reads.push(client.read(&mut buffer).await.unwrap());
    }
    assert_eq!(reads.len(), 21, "twenty pauses, then the rest at once: {reads:?}");
    assert_eq!(reads[..20], [3; 20]);
}

fn event(bytes: usize) -> Tally {
    let mut tally = Tally::of_bytes(bytes);
    tally.event(bytes);
    tally
}

#[actix_web::test]
async fn an_event_counts_once_its_last_byte_is_handed_to_the_socket() {
    let app = fixtures::app(|_| {});
    let (connection, mut client) = connection(&app, SocketId::from_random(1), usize::MAX).await;
    let piece = Bytes::from(vec![0; 64 << 10]);
    let (mut done, mut sent) = (0, 0);
    while !connection.has_backlog() || sent < done + 5 {
        done += u64::from(connection.send(&piece, event(piece.len()), 0) == Sent::Done);
        sent += 1;
    }
    let delivered = || connection.meter().totals().delivered;
    assert_eq!(delivered(), 0, "what is done at once is the caller's to count");
    let mut read = vec![0; sent as usize * piece.len()];
    client.read_exact(&mut read).await.unwrap();
    while connection.has_backlog() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(delivered(), sent - done);
    assert_eq!(connection.meter().totals().socket_bytes_out, (sent - done) * piece.len() as u64);
    assert_eq!(app.counters.units(), (sent - done) * 13);
}

#[actix_web::test]
async fn what_is_never_written_is_never_counted() {
    let app = fixtures::app(|_| {});
    let (connection, client) = connection(&app, SocketId::from_random(1), usize::MAX).await;
    let piece = Bytes::from(vec![0; 64 << 10]);
    while !connection.has_backlog() {
        connection.send(&piece, event(piece.len()), 0);
    }
    for _ in 0..20 {
        assert_eq!(connection.send(&piece, event(piece.len()), 0), Sent::Queued);
    }
    connection.discard_backlog();
    drop(client);
    connection.cut();
    assert_eq!(connection.send(&piece, event(piece.len()), 0), Sent::NotOpen);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(connection.meter().totals().delivered <= 1, "but for a frame begun");
}

#[actix_web::test]
async fn joined_frames_are_told_to_whoever_flushes() {
    let app = fixtures::app(|_| {});
    let (connection, _client) = connection(&app, SocketId::from_random(1), SLOW).await;
    for bytes in [10, 5_121] {
        assert_eq!(connection.enqueue(vec![0; bytes].into(), event(bytes), 0), Sent::Queued);
    }
    let written = connection.flush(0);
    assert_eq!((written.events, written.units, written.bytes), (2, 3, 5_131));
    assert_eq!(connection.flush(0), Tally::default(), "once");
    assert_eq!(connection.meter().totals().delivered, 0);
}

#[actix_web::test]
async fn a_connection_counts_on_the_credential_it_was_opened_with() {
    let app = fixtures::app(|_| {});
    let mut permit = crate::admission::connect(&app, None, false).unwrap();
    permit.opened_with(&fixtures::KEY.parse().unwrap(), 0);
    let meter = permit.begin();
    assert_eq!(&*meter.key, fixtures::KEY);
    assert_eq!(meter.totals().connections_opened, 1);
    permit.begin();
    drop(permit);
    let totals = meter.totals();
    assert_eq!((totals.connections_opened, totals.connections_closed), (1, 1));
    drop(crate::admission::connect(&app, None, false).unwrap());
    assert_eq!(app.counters.totals().unwrap().connections_closed, 1, "it never began");
    let mut anonymous = crate::admission::connect(&app, None, false).unwrap();
    assert_eq!(&*anonymous.begin().key, "");
}
