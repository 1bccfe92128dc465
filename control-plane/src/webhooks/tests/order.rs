use super::*;
use futures_util::future::join;

#[sqlx::test(migrations = "../migrations")]
async fn what_fails_keeps_its_channel_waiting_and_no_other(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::start().await);
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, &sink.url, STANDARD).await;
    sink.decide(|seen| if seen.body.contains("\"u1\"") { (500, vec![]) } else { (200, vec![]) });
    let told = [
        joined(&ann, 1, "presence-a"),
        joined(&ann, 2, "presence-a"),
        joined(&ann, 3, "presence-b"),
    ];
    tell(&service, &told).await;
    deliver(&service).await;
    tell(&service, &[joined(&ann, 4, "presence-a"), joined(&ann, 5, "presence-b")]).await;
    deliver(&service).await;
    let users = |sink: &Sink| -> Vec<String> {
        let user = |seen: &sink::Seen| seen.json()["data"]["user_id"].as_str().unwrap().to_owned();
        sink.seen().iter().map(user).collect()
    };
    assert_eq!(users(&sink), ["u1", "u3", "u5"]);
    sink.answer_with(200);
    time_passes(&service).await;
    deliver(&service).await;
    assert_eq!(users(&sink), ["u1", "u3", "u5", "u1", "u2", "u4"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_never_taken_ends_up_alone_and_dead_and_the_rest_arrives(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::start().await);
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, &sink.url, PUSHER).await;
    sink.decide(|seen| if seen.body.contains("\"u42\"") { (500, vec![]) } else { (200, vec![]) });
    let told: Vec<_> = (1..=100).map(|seq| joined(&ann, seq, "presence-a")).collect();
    tell(&service, &told).await;
    for _ in 0..8 {
        deliver(&service).await;
        time_passes(&service).await;
    }
    deliver(&service).await;
    assert_eq!(
        count(&service, "webhook_deliveries WHERE state = 'dead' AND attempts = 8").await,
        1
    );
    assert_eq!(count(&service, "webhook_deliveries WHERE state = 'delivered'").await, 99);
    let taken = sink.seen();
    let taken = taken.iter().filter(|seen| !seen.body.contains("\"u42\""));
    let users: Vec<String> = taken.flat_map(|seen| seen.of_each("user_id")).collect();
    let expected: Vec<_> = (1..=100).filter(|n| *n != 42).map(|n| format!("u{n}")).collect();
    assert_eq!(users, expected, "in order, each once");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_long_queue_behind_one_that_waits_does_not_hide_the_others(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::start().await);
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, &sink.url, STANDARD).await;
    sink.decide(
        |seen| if seen.body.contains("presence-a") { (500, vec![]) } else { (200, vec![]) },
    );
    let told: Vec<_> = (1..=900).map(|seq| joined(&ann, seq, "presence-a")).collect();
    tell(&service, &told).await;
    let last = [joined(&ann, 1_001, "presence-b")];
    tell(&service, &last).await;
    deliver(&service).await;
    assert_eq!(sink.seen().len(), 2, "the first of one channel, and the other channel");
    assert_eq!(count(&service, "webhook_deliveries WHERE state = 'delivered'").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn long_queues_do_not_keep_the_channels_behind_them_waiting(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::start().await);
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, &sink.url, PUSHER).await;
    let long = ["presence-a", "presence-b", "presence-c"];
    for (channel, from) in long.into_iter().zip([1, 701, 1_401]) {
        let told: Vec<_> = (from..from + 700).map(|seq| joined(&ann, seq, channel)).collect();
        tell(&service, &told).await.expect_status(204);
    }
    tell(&service, &[joined(&ann, 2_101, "presence-z")]).await.expect_status(204);
    deliver(&service).await;
    let told: Vec<(String, u32)> = sink.seen().iter().flat_map(of_channels).collect();
    assert_eq!(told.len(), 2_101);
    let place = told.iter().position(|(channel, _)| channel == "presence-z").unwrap();
    assert!(place < 300, "told after {place} others");
    for channel in long {
        let numbers = told.iter().filter(|(of, _)| of == channel).map(|(_, n)| *n);
        assert!(numbers.is_sorted(), "{channel}");
    }
}

/// Channel and number of each event of a request.
fn of_channels(seen: &sink::Seen) -> Vec<(String, u32)> {
    let numbers = seen.of_each("user_id").into_iter().map(|user| user[1..].parse().unwrap());
    seen.of_each("channel").into_iter().zip(numbers).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn single_events_go_out_in_a_row_until_one_is_in_vain(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::start().await);
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, &sink.url, STANDARD).await;
    sink.decide(|seen| if seen.body.contains("\"u5\"") { (500, vec![]) } else { (200, vec![]) });
    let channel = |seq| if seq % 2 == 0 { "presence-even" } else { "presence-odd" };
    let told: Vec<_> = (1..=100).map(|seq| joined(&ann, seq, channel(seq))).collect();
    tell(&service, &told).await.expect_status(204);
    deliver(&service).await;
    let users = |sink: &Sink| -> Vec<u32> {
        let seen = sink.seen();
        seen.iter()
            .map(|seen| seen.json()["data"]["user_id"].as_str().unwrap()[1..].parse().unwrap())
            .collect()
    };
    let expected: Vec<u32> = (1..=5).chain((6..=100).step_by(2)).collect();
    assert_eq!(users(&sink), expected, "what is behind it waits, the other channel goes on");
    assert_eq!(count(&service, "webhook_deliveries WHERE leased_until IS NOT NULL").await, 0);
    assert_eq!(count(&service, "webhook_attempts").await, expected.len() as i64);
    assert_eq!(count(&service, "webhook_attempts WHERE status = 500").await, 1);
    let linked = "webhook_attempt_deliveries a JOIN webhook_deliveries d ON d.id = a.delivery_id
        WHERE d.attempts = 1";
    assert_eq!(count(&service, linked).await, expected.len() as i64);
    sink.answer_with(200);
    time_passes(&service).await;
    deliver(&service).await;
    let odd: Vec<u32> = users(&sink).into_iter().filter(|n| n % 2 == 1).collect();
    let expected: Vec<u32> = [1, 3, 5].into_iter().chain((5..=99).step_by(2)).collect();
    assert_eq!(odd, expected);
    assert_eq!(count(&service, "webhook_deliveries WHERE state = 'delivered'").await, 100);
}

#[sqlx::test(migrations = "../migrations")]
async fn two_control_planes_tell_everything_once_and_in_order(db: PgPool) {
    let sink = Sink::start().await;
    let (one, other) = (service(&db).await, service(&db).await);
    let ann = one.sign_up("ann@example.com").await;
    given_endpoint(&one, &ann, &sink.url, STANDARD).await;
    let channels = ["presence-a", "presence-b", "presence-c"];
    let told: Vec<_> = (1..=90).map(|seq| joined(&ann, seq, channels[seq as usize % 3])).collect();
    tell(&one, &told).await;
    join(deliver(&one), deliver(&other)).await;
    let seen = sink.seen();
    assert_eq!(seen.len(), 90);
    for channel in channels {
        let of_channel =
            seen.iter().map(sink::Seen::json).filter(|body| body["data"]["channel"] == channel);
        let numbers: Vec<u32> = of_channel
            .map(|body| body["data"]["user_id"].as_str().unwrap()[1..].parse().unwrap())
            .collect();
        assert_eq!(numbers.len(), 30);
        assert!(numbers.is_sorted(), "{channel}: {numbers:?}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_a_process_took_with_it_is_taken_again(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::start().await);
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, &sink.url, PUSHER).await;
    tell(&service, &[joined(&ann, 1, "presence-a")]).await;
    // As a process leaves it that was killed while it sent.
    arrange(
        &service,
        "UPDATE webhook_deliveries SET leased_until = now() + interval '30 seconds',
             next_at = now() + interval '30 seconds'",
    )
    .await;
    tell(&service, &[joined(&ann, 2, "presence-a"), joined(&ann, 3, "presence-b")]).await;
    deliver(&service).await;
    assert_eq!(sink.of_each("user_id"), ["u3"], "what is being delivered is not overtaken");
    arrange(
        &service,
        "UPDATE webhook_deliveries SET leased_until = now(), next_at = now()
         WHERE leased_until IS NOT NULL",
    )
    .await;
    deliver(&service).await;
    assert_eq!(sink.of_each("user_id"), ["u3", "u1", "u2"]);
}
