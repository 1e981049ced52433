//! Connections: how many, how long, and how they end.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use marquee_http::{Limits, Serve, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::support::{MadeUpHost, Server, patiently, picture};

fn impatient() -> Limits {
    Limits { request_head: Duration::from_millis(100), ..Limits::default() }
}

#[tokio::test]
async fn a_connection_that_sends_no_request_is_closed() {
    let server = Server::start_with(impatient(), picture(4, 2, 1));
    for begun in ["", "GET /healthz HTT", "GET /healthz HTTP/1.1\r\nhost: localhost\r\nx"] {
        let mut stream = server.connect().await;
        stream.write_all(begun.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        // Reset or end: both are closed.
        let _ = patiently("the end of the connection", stream.read_to_end(&mut rest)).await;
    }
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request_but_not_for_ever() {
    let server = Server::start_with(impatient(), picture(4, 2, 1));
    let mut stream = server.connect().await;
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {}\r\n\r\n", server.address);
    let mut answers = Vec::new();
    stream.write_all(request.repeat(2).as_bytes()).await.unwrap();
    patiently("the end of the connection", stream.read_to_end(&mut answers)).await.unwrap();
    assert_eq!(String::from_utf8(answers).unwrap().matches("HTTP/1.1 200 OK").count(), 2);
}

#[tokio::test]
async fn a_connection_beyond_the_limit_waits_for_its_turn() {
    let server = Server::start_with(Limits { connections: 1, ..impatient() }, picture(4, 2, 1));
    let first = server.connect().await;
    // Accepted in order: this one gets its turn only when the first, which says nothing, has been closed.
    assert_eq!(server.get("/healthz").await.status, 200);
    patiently("the end of the first", first.readable()).await.unwrap();
    assert_eq!(first.try_read(&mut [0; 16]).unwrap(), 0);
}

/// P-API-7: stopping takes under 3 s whatever clients do, and frees the port.
#[tokio::test]
async fn stopping_waits_neither_for_idle_nor_for_stuck_clients() {
    let mut server = Server::start();
    let idle = server.connect().await;
    let mut stuck = server.connect().await;
    stuck.write_all(b"GET /healthz HTTP/1.1\r\nhost: ").await.unwrap();
    assert_eq!(server.get("/healthz").await.status, 200);
    let asked = Instant::now();
    server.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    assert!(TcpStream::connect(server.address).await.is_err());
    drop((idle, stuck));
}

/// P-API: also a listener that somebody else opened is refused when others could reach it.
#[tokio::test]
async fn a_listener_handed_over_on_an_open_address_is_refused() {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (_publish, pictures) = watch::channel(picture(4, 2, 1));
    let view = Arc::new(MadeUpHost::default());
    let refused =
        serve(Serve { view, pictures, listener, limits: Limits::default() }, std::future::pending()).await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        format!(
            "serving on {address} needs an access token, which this version does not have: hand over a loopback socket"
        )
    );
}
