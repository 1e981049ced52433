//! What must not be reached is not reached.

use marquee_fetch::{FetchError, Method, NotPermitted, Permission, Request};

use super::server::{Play, Server, answer};
use super::{here, private, public, service};

/// P-BOX-3: this machine is out of bounds without the permission, however its address is written.
#[tokio::test]
async fn this_machine_is_refused_in_every_notation() {
    let server = Server::start(|_| Play::Send(answer(200, "", b"secret"))).await;
    let port = server.address.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0177.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0",
        "[::]",
    ] {
        let permission = public(&[&format!("{host}:*")]);
        let url = format!("http://{host}:{port}/");
        let result = service(|_| ()).fetch("a", &permission, Request::get(&url)).await;
        assert!(matches!(result, Err(FetchError::PrivateAddress { .. })), "{url}: {result:?}");
    }
    assert_eq!(server.count(), 0);
}

/// P-BOX-3: with the permission the same machine is reached, by number and by name.
#[tokio::test]
async fn this_machine_is_reached_with_the_permission() {
    let server = Server::start(|_| Play::Send(answer(200, "x-kind: test\r\n", b"hello"))).await;
    for host in ["127.0.0.1", "localhost", "2130706433"] {
        let url = format!("http://{host}:{}/{host}#part", server.address.port());
        let permission = private(&[&format!("{host}:*")]);
        let answer = service(|_| ()).fetch("a", &permission, Request::get(&url)).await.unwrap();
        assert_eq!((answer.status, answer.body.as_ref()), (200, b"hello".as_ref()));
        assert!(answer.headers.contains(&("x-kind".to_owned(), "test".to_owned())));
        assert!(!answer.url.contains('#') && !answer.stale && !answer.from_cache);
    }
    let seen = &server.seen()[0];
    assert!(seen.header("user-agent").unwrap().starts_with("Marquee/"));
    assert!(seen.header("referer").is_none() && seen.header("cookie").is_none());
}

/// P-BOX-3: the manifest must name the host and the operator must approve it; the reason says which is missing.
#[tokio::test]
async fn a_host_that_is_not_named_and_approved_is_refused_with_the_reason() {
    let server = Server::start(|_| Play::Send(answer(200, "", b""))).await;
    let all = here();
    let not_asked = Permission { asked: vec![], ..all.clone() };
    let not_approved = Permission { approved: vec![], ..all };
    for (permission, wanted) in
        [(not_asked, NotPermitted::NotAsked), (not_approved, NotPermitted::NotApproved)]
    {
        let error = service(|_| ()).fetch("a", &permission, Request::get(server.url("/"))).await.unwrap_err();
        assert!(matches!(&error, FetchError::NotPermitted { why, .. } if *why == wanted), "{error}");
        assert!(error.to_string().contains(&server.address.to_string()), "{error}");
    }
    assert_eq!(server.count(), 0);
}

/// P-BOX-3: each redirect is checked like the first address, and secrets stay behind.
#[tokio::test]
async fn redirects_are_followed_only_where_permitted_and_without_secrets() {
    let target = Server::start(|_| Play::Send(answer(200, "", b"there"))).await;
    let location = format!("location: {}\r\n", target.url("/there"));
    let first = Server::start(move |_| Play::Send(answer(302, &location, b""))).await;
    let (near, far) = (first.address.to_string(), target.address.to_string());
    let request = || {
        let headers = [("Authorization", "Bearer x"), ("Cookie", "x=y"), ("Accept", "text/plain")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Request { headers, ..Request::get(first.url("/")) }
    };
    let service = service(|_| ());

    let answer = service.fetch("a", &private(&[&near, &far]), request()).await.unwrap();
    assert_eq!((answer.body.as_ref(), answer.url), (b"there".as_ref(), target.url("/there")));
    assert_eq!(first.seen()[0].header("authorization"), Some("Bearer x"));
    let seen = &target.seen()[0];
    assert_eq!((seen.header("authorization"), seen.header("cookie")), (None, None));
    assert_eq!(seen.header("accept"), Some("text/plain"));

    let refused = service.fetch("b", &private(&[&near]), request()).await;
    assert!(matches!(refused, Err(FetchError::NotPermitted { .. })), "{refused:?}");
    assert_eq!(target.count(), 1);
}

/// P-BOX-3: a circle of redirects ends.
#[tokio::test]
async fn redirects_end_at_the_limit() {
    let server = Server::start(|_| Play::Send(answer(307, "location: /again\r\n", b""))).await;
    let result =
        service(|limits| limits.redirects = 3).fetch("a", &here(), Request::get(server.url("/"))).await;
    assert!(matches!(result, Err(FetchError::TooManyRedirects { limit: 3, .. })), "{result:?}");
    assert!(server.count() <= 4);
}

#[tokio::test]
async fn a_post_sends_its_body_and_head_has_none() {
    let server = Server::start(|seen| {
        let length = seen.header("content-length").unwrap_or("none").to_owned();
        Play::Send(if seen.line.starts_with("HEAD") {
            b"HTTP/1.1 200 X\r\nconnection: close\r\ncontent-length: 99999999\r\n\r\n".to_vec()
        } else {
            answer(201, "", length.as_bytes())
        })
    })
    .await;
    let service = service(|_| ());
    let post =
        Request { method: Method::Post, body: Some(b"12345".to_vec()), ..Request::get(server.url("/")) };
    let answer = service.fetch("a", &here(), post).await.unwrap();
    assert_eq!((answer.status, answer.body.as_ref()), (201, b"5".as_ref()));
    let head = Request { method: Method::Head, ..Request::get(server.url("/")) };
    let answer = service.fetch("a", &here(), head).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, 0));
}
