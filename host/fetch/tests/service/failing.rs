//! When a server fails: its last good answer, marked as old, and peace for the server.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use marquee_fetch::{FetchError, Request};

use super::server::{Play, Server, answer};
use super::{here, pass, service};

/// A server that answers well once, and then as `play` says.
async fn once_good(play: impl Fn() -> Play + Send + Sync + 'static) -> Server {
    let asked = AtomicUsize::new(0);
    Server::start(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Play::Send(answer(200, "", b"good")),
        _ => play(),
    })
    .await
}

#[tokio::test]
async fn a_failing_server_gives_its_last_good_answer_marked_stale() {
    type Make = fn() -> Play;
    let cases: [(&str, Make); 5] = [
        ("closes", || Play::Close),
        ("500", || Play::Send(answer(500, "", b"bad"))),
        ("429", || Play::Send(answer(429, "", b"bad"))),
        ("half a body", || Play::Send(answer(200, "", b"12345")[..62].to_vec())),
        ("silence", || Play::Stall(Vec::new())),
    ];
    for (name, play) in cases {
        let server = once_good(play).await;
        let service = service(|limits| limits.time = Duration::from_millis(300));
        let fetch = async || service.fetch("a", &here(), Request::get(server.url("/"))).await.unwrap();
        assert!(!fetch().await.stale, "{name}");
        pass(Duration::from_secs(100)).await;
        let old = fetch().await;
        assert!(old.stale && old.from_cache && old.age >= Duration::from_secs(100), "{name}: {old:?}");
        assert_eq!((old.status, old.body.as_ref()), (200, b"good".as_ref()), "{name}");
    }
}

#[tokio::test]
async fn a_server_that_fails_is_left_alone_for_a_while() {
    let server = once_good(|| Play::Close).await;
    let service = service(|_| ());
    let fetch = async || service.fetch("a", &here(), Request::get(server.url("/"))).await.unwrap();
    fetch().await;
    assert!(fetch().await.stale);
    let asked = server.count();
    assert!(fetch().await.stale);
    assert_eq!(server.count(), asked, "held back");
    pass(Duration::from_secs(11)).await;
    assert!(fetch().await.stale);
    let again = server.count();
    assert!(again > asked, "asked again after the wait");
    pass(Duration::from_secs(11)).await;
    assert!(fetch().await.stale);
    assert_eq!(server.count(), again, "the second wait is longer");
}

#[tokio::test]
async fn without_a_good_answer_the_failure_is_remembered() {
    let server = Server::start(|seen| match seen.path() {
        "/503" => Play::Send(answer(503, "retry-after: 60\r\n", b"down")),
        _ => Play::Close,
    })
    .await;
    let service = service(|_| ());
    let fetch = async |path| service.fetch("a", &here(), Request::get(server.url(path))).await;

    let first = fetch("/503").await.unwrap();
    assert_eq!((first.status, first.body.as_ref()), (503, b"down".as_ref()), "handed on as it came");
    pass(Duration::from_secs(30)).await;
    let error = fetch("/503").await.unwrap_err();
    assert!(
        matches!(&error, FetchError::HeldBack { wait, .. } if (20..=30).contains(&wait.as_secs())),
        "{error}"
    );
    assert!(error.source().unwrap().to_string().contains("503"), "{error}");
    assert_eq!(server.count(), 1);

    assert!(matches!(fetch("/close").await, Err(FetchError::Network { .. })));
    let error = fetch("/close").await.unwrap_err();
    assert!(
        matches!(&error, FetchError::HeldBack { source, .. } if matches!(**source, FetchError::Network { .. }))
    );
    assert!(error.is_temporary() && !error.is_refusal());
}

#[tokio::test]
async fn a_server_that_recovers_is_heard_again() {
    let broken = Arc::new(AtomicUsize::new(1));
    let state = Arc::clone(&broken);
    let server = Server::start(move |_| match state.load(Ordering::Relaxed) {
        0 => Play::Send(answer(200, "", b"good")),
        _ => Play::Send(answer(502, "", b"bad")),
    })
    .await;
    let service = service(|_| ());
    let fetch = async || service.fetch("a", &here(), Request::get(server.url("/"))).await;
    assert_eq!(fetch().await.unwrap().status, 502);
    broken.store(0, Ordering::Relaxed);
    assert!(fetch().await.is_err());
    pass(Duration::from_secs(11)).await;
    assert_eq!(fetch().await.unwrap().body, "good");
    assert_eq!(fetch().await.unwrap().status, 200);
}

/// P-BOX-3: no message tells the path or the query, where keys are kept.
#[tokio::test]
async fn messages_do_not_tell_the_secrets_of_an_address() {
    let server = Server::start(|_| Play::Close).await;
    let request = Request::get(server.url("/private?key=hunter2"));
    let error = service(|_| ()).fetch("a", &here(), request).await.unwrap_err();
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(current) = cause {
        assert!(
            !current.to_string().contains("hunter2") && !current.to_string().contains("private?"),
            "{current}"
        );
        cause = current.source();
    }
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}
