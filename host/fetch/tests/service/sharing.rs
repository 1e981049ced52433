//! Identical requests are one request, and what is known is not asked again.

use std::sync::Arc;
use std::time::Duration;

use marquee_fetch::{Method, Request};
use tokio::sync::Semaphore;

use super::server::{Play, Server, answer};
use super::{here, pass, service, until};

fn with_header(url: String, value: &str) -> Request {
    Request { headers: vec![("Accept".to_owned(), value.to_owned())], ..Request::get(url) }
}

#[tokio::test]
async fn identical_requests_of_different_plugins_reach_the_server_once() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let server =
        Server::start(move |_| Play::Gated(Arc::clone(&held), answer(200, "set-cookie: s=1\r\n", b"news")))
            .await;
    let service = service(|_| ());
    let tasks = ["a", "b", "c"].map(|instance| {
        let (service, request) = (service.clone(), with_header(server.url("/"), "text/plain"));
        tokio::spawn(async move { service.fetch(instance, &here(), request).await })
    });
    until(|| service.counters().merged == 2 && server.count() == 1).await;
    gate.add_permits(1);
    for task in tasks {
        let answer = task.await.unwrap().unwrap();
        assert_eq!(answer.body, "news");
        assert!(answer.headers.iter().all(|(name, _)| name != "set-cookie"), "a session is not shared");
    }
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn requests_with_different_headers_are_different_requests() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let server = Server::start(move |seen| {
        let body = seen.header("accept").unwrap_or_default().to_owned();
        Play::Gated(Arc::clone(&held), answer(200, "cache-control: max-age=60\r\n", body.as_bytes()))
    })
    .await;
    let service = service(|_| ());
    let tasks = ["one", "two"].map(|value| {
        let (service, request) = (service.clone(), with_header(server.url("/"), value));
        tokio::spawn(async move { service.fetch(value, &here(), request).await })
    });
    until(|| server.count() == 2).await;
    gate.add_permits(2);
    for (task, wanted) in tasks.into_iter().zip(["one", "two"]) {
        assert_eq!(task.await.unwrap().unwrap().body, wanted);
    }
}

#[tokio::test]
async fn a_plugin_that_goes_away_does_not_fail_those_who_wait_for_its_request() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let server = Server::start(move |_| Play::Gated(Arc::clone(&held), answer(200, "", b"news"))).await;
    let service = service(|_| ());
    let start = |instance: &'static str| {
        let (service, request) = (service.clone(), Request::get(server.url("/")));
        tokio::spawn(async move { service.fetch(instance, &here(), request).await })
    };
    let leader = start("leader");
    until(|| server.count() == 1).await;
    let follower = start("follower");
    until(|| service.counters().merged == 1).await;
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    gate.add_permits(1);
    assert_eq!(follower.await.unwrap().unwrap().body, "news");
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_fresh_answer_is_not_asked_for_again_until_it_is_old() {
    let server = Server::start(|_| Play::Send(answer(200, "cache-control: max-age=60\r\n", b"news"))).await;
    let service = service(|_| ());
    let fetch =
        async |instance| service.fetch(instance, &here(), Request::get(server.url("/"))).await.unwrap();
    assert!(!fetch("a").await.from_cache);
    pass(Duration::from_secs(50)).await;
    let kept = fetch("b").await;
    assert!(kept.from_cache && !kept.stale && kept.age >= Duration::from_secs(50), "{kept:?}");
    assert_eq!(server.count(), 1);
    pass(Duration::from_secs(20)).await;
    assert!(!fetch("a").await.from_cache);
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn an_old_answer_is_confirmed_instead_of_sent_again() {
    let server = Server::start(|seen| {
        let validators =
            "etag: \"v1\"\r\nlast-modified: Sun, 06 Nov 1994 08:49:37 GMT\r\ncache-control: max-age=60\r\n";
        Play::Send(match seen.header("if-none-match") {
            Some("\"v1\"") => b"HTTP/1.1 304 X\r\nconnection: close\r\netag: \"v1\"\r\n\r\n".to_vec(),
            _ => answer(200, validators, b"news"),
        })
    })
    .await;
    let service = service(|_| ());
    let fetch = async || service.fetch("a", &here(), Request::get(server.url("/"))).await.unwrap();
    fetch().await;
    pass(Duration::from_secs(61)).await;
    let confirmed = fetch().await;
    assert_eq!((confirmed.status, confirmed.body.as_ref()), (200, b"news".as_ref()));
    assert!(
        confirmed.from_cache && !confirmed.stale && confirmed.age < Duration::from_secs(10),
        "{confirmed:?}"
    );
    assert_eq!(server.seen()[1].header("if-modified-since"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    pass(Duration::from_secs(20)).await;
    assert!(fetch().await.from_cache, "the confirmation made it fresh again");
    assert_eq!((server.count(), service.counters().confirmed), (2, 1));
}

#[tokio::test]
async fn what_must_not_be_stored_and_what_is_posted_reaches_the_server_every_time() {
    let server = Server::start(|seen| {
        let control = if seen.path() == "/no-store" { "no-store, max-age=60" } else { "max-age=60" };
        Play::Send(answer(200, &format!("cache-control: {control}\r\nset-cookie: s=1\r\n"), b"x"))
    })
    .await;
    let service = service(|_| ());
    for _ in 0..2 {
        service.fetch("a", &here(), Request::get(server.url("/no-store"))).await.unwrap();
        let post = Request { method: Method::Post, body: Some(vec![1]), ..Request::get(server.url("/post")) };
        service.fetch("a", &here(), post).await.unwrap();
    }
    assert_eq!((server.count(), service.counters().cache_bytes), (4, 0));
}
