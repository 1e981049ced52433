//! No plugin and no server takes more than its limit.

use std::sync::Arc;
use std::time::Duration;

use marquee_fetch::{FetchError, Request};
use tokio::sync::Semaphore;

use super::server::{Play, Server, answer, endless};
use super::{here, service, until};

/// 120 bytes, "hello " twenty times.
const GZIP: &[u8] = &[
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 203, 72, 205, 201, 201, 87, 200, 160, 59, 9, 0, 47, 250, 248, 72, 120,
    0, 0, 0,
];

/// The beginning of a gzip file that unpacks to about 16 MiB of zeros: one literal, then copies of 258 bytes.
fn bomb() -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let (mut pending, mut count) = (0u32, 0);
    let mut push = |value: u32, bits: u32| {
        pending |= value << count;
        count += bits;
        while count >= 8 {
            bytes.push(pending as u8);
            pending >>= 8;
            count -= 8;
        }
    };
    // Last block, fixed codes (RFC 1951, 3.2.6); codes go in with their highest bit first.
    push(0b011, 3);
    push(0b0000_1100, 8);
    for _ in 0..65_536 {
        push(0b1010_0011, 8);
        push(0, 5);
    }
    bytes
}

/// P-BOX-3: size counts after decompression, so a small file cannot fill the memory.
#[tokio::test]
async fn a_gzip_bomb_stops_at_the_limit() {
    let bomb = bomb();
    assert!(bomb.len() < 200_000);
    let server = Server::start(move |_| Play::Stall(endless("content-encoding: gzip\r\n", &bomb))).await;
    let result =
        service(|limits| limits.bytes = 1 << 20).fetch("a", &here(), Request::get(server.url("/"))).await;
    assert!(matches!(result, Err(FetchError::TooLarge { limit: 1_048_576, .. })), "{result:?}");
}

/// P-BOX-3: the limit is on what a plugin gets: exactly as much is good, one byte more is not.
#[tokio::test]
async fn a_compressed_body_counts_by_its_real_size() {
    let server = Server::start(|_| Play::Send(answer(200, "content-encoding: gzip\r\n", GZIP))).await;
    let fetch = async |bytes| {
        let request = Request { max_bytes: Some(bytes), ..Request::get(server.url("/")) };
        service(|_| ()).fetch("a", &here(), request).await
    };
    assert_eq!(fetch(120).await.unwrap().body, "hello ".repeat(20));
    assert!(matches!(fetch(119).await, Err(FetchError::TooLarge { limit: 119, .. })));
}

/// P-BOX-3: a body that is announced or turns out to be too large is refused.
#[tokio::test]
async fn a_large_body_is_refused_announced_or_not() {
    let server = Server::start(|seen| {
        Play::Stall(match seen.path() {
            "/announced" => b"HTTP/1.1 200 X\r\ncontent-length: 1001\r\n\r\n".to_vec(),
            _ => endless("", &[b'x'; 1001]),
        })
    })
    .await;
    for path in ["/announced", "/endless"] {
        let result =
            service(|limits| limits.bytes = 1000).fetch("a", &here(), Request::get(server.url(path))).await;
        assert!(matches!(result, Err(FetchError::TooLarge { limit: 1000, .. })), "{path}: {result:?}");
    }
}

/// P-BOX-3: the limit of time covers the whole body, also one that keeps trickling.
#[tokio::test]
async fn a_slow_body_times_out() {
    let server = Server::start(|seen| match seen.path() {
        "/silent" => Play::Stall(Vec::new()),
        "/stall" => Play::Stall(answer(200, "", b"12345")[..60].to_vec()),
        _ => Play::Drip(endless("", b"beginning")),
    })
    .await;
    for path in ["/silent", "/stall", "/drip"] {
        let service = service(|limits| limits.time = Duration::from_millis(200));
        let result = service.fetch("a", &here(), Request::get(server.url(path))).await;
        assert!(matches!(result, Err(FetchError::TimedOut { .. })), "{path}: {result:?}");
    }
}

/// P-BOX-3: one instance cannot have more than its number of fetches under way; others are not touched by that.
#[tokio::test]
async fn one_instance_too_many_is_refused_at_once() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let server = Server::start(move |_| Play::Gated(Arc::clone(&held), answer(200, "", b"ok"))).await;
    let service = service(|limits| limits.concurrent_per_instance = 2);
    let start = |instance: &'static str, path| {
        let (service, request) = (service.clone(), Request::get(server.url(path)));
        tokio::spawn(async move { service.fetch(instance, &here(), request).await })
    };
    let running = [start("a", "/1"), start("a", "/2")];
    until(|| server.count() == 2).await;
    let refused = service.fetch("a", &here(), Request::get(server.url("/3"))).await;
    assert!(matches!(refused, Err(FetchError::TooBusy(_))), "{refused:?}");
    let other = start("b", "/4");
    until(|| server.count() == 3).await;
    gate.add_permits(4);
    for task in running.into_iter().chain([other]) {
        assert_eq!(task.await.unwrap().unwrap().status, 200);
    }
    assert_eq!(service.fetch("a", &here(), Request::get(server.url("/5"))).await.unwrap().status, 200);
    assert_eq!(service.counters().busy, 1);
}

/// P-BOX-3: giving up on fetches does not let a plugin pile up exchanges.
#[tokio::test]
async fn an_abandoned_fetch_keeps_its_seat_until_its_exchange_ends() {
    let server = Server::start(|_| Play::Stall(Vec::new())).await;
    let service = service(|limits| limits.concurrent_per_instance = 1);
    let request = Request { time_limit: Some(Duration::from_millis(50)), ..Request::get(server.url("/1")) };
    let result = service.fetch("a", &here(), request).await;
    assert!(matches!(result, Err(FetchError::TimedOut { .. })), "{result:?}");
    let result = service.fetch("a", &here(), Request::get(server.url("/2"))).await;
    assert!(matches!(result, Err(FetchError::TooBusy(_))), "{result:?}");
}

/// P-BOX-3: all instances together keep the common number; who is over it waits for a turn.
#[tokio::test]
async fn exchanges_over_the_common_number_wait_their_turn() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let server = Server::start(move |_| Play::Gated(Arc::clone(&held), answer(200, "", b"ok"))).await;
    let service = service(|limits| limits.concurrent_total = 1);
    let tasks = ["a", "b", "c"].map(|instance| {
        let (service, request) = (service.clone(), Request::get(server.url(&format!("/{instance}"))));
        tokio::spawn(async move { service.fetch(instance, &here(), request).await })
    });
    for done in 1..=3 {
        until(|| server.count() == done).await;
        assert_eq!(service.counters().sent, done as u64);
        gate.add_permits(1);
    }
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap().status, 200);
    }
}
