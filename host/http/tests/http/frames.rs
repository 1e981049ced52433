//! Live pictures: what viewers get, and what they cannot do.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use marquee_http::Limits;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::support::{Server, patiently, picture};

type Viewer = WebSocketStream<TcpStream>;

async fn open(server: &Server, stream: TcpStream, query: &str) -> Result<Viewer, u16> {
    let mut request = format!("ws://{}/api/v1/frames{query}", server.address).into_client_request().unwrap();
    request.headers_mut().insert("origin", format!("http://{}", server.address).parse().unwrap());
    match patiently("the upgrade", client_async(request, stream)).await {
        Ok((viewer, _)) => Ok(viewer),
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

async fn viewer(server: &Server) -> Viewer {
    open(server, server.connect().await, "").await.unwrap()
}

/// A viewer whose kernel takes as little as it can while nobody reads.
async fn lazy_viewer(server: &Server) -> Viewer {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = patiently("connecting", socket.connect(server.address)).await.unwrap();
    open(server, stream, "").await.unwrap()
}

/// The next picture as it came, pings skipped; none when the connection has ended.
async fn next_picture(viewer: &mut Viewer) -> Option<Vec<u8>> {
    loop {
        match patiently("a picture", viewer.next()).await {
            Some(Ok(Message::Binary(bytes))) => return Some(bytes.to_vec()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            Some(Ok(_)) => {}
        }
    }
}

fn sequence(picture: &[u8]) -> u32 {
    u32::from_le_bytes(picture[4..8].try_into().unwrap())
}

#[tokio::test]
async fn a_viewer_gets_the_current_picture_at_once_and_then_each_new_one() {
    let server = Server::start();
    let mut viewer = viewer(&server).await;
    let mut expected = vec![4, 0, 2, 0, 1, 0, 0, 0];
    expected.extend([10, 20, 30].repeat(8));
    assert_eq!(next_picture(&mut viewer).await.unwrap(), expected);
    for sequence in 2..50_u32 {
        server.publish.send_replace(picture(4, 2, sequence));
        assert_eq!(next_picture(&mut viewer).await.unwrap()[4..8], sequence.to_le_bytes());
    }
}

#[tokio::test]
async fn a_viewer_follows_a_panel_that_changes_its_size() {
    let server = Server::start();
    let mut viewer = viewer(&server).await;
    next_picture(&mut viewer).await.unwrap();
    server.publish.send_replace(picture(300, 64, 2));
    let bytes = next_picture(&mut viewer).await.unwrap();
    assert_eq!(bytes[..8], [44, 1, 64, 0, 2, 0, 0, 0]);
    assert_eq!(bytes.len(), 8 + 300 * 64 * 3);
}

/// P-API-4: a client that does not read costs under 1 MiB and blocks nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_that_does_not_read_loses_pictures_and_holds_back_nobody() {
    const LAST: u32 = 10_000;
    let server = Server::start_with(Limits::default(), picture(128, 64, 1));
    let mut lazy = lazy_viewer(&server).await;
    let mut keen = viewer(&server).await;
    next_picture(&mut keen).await.unwrap();

    for sequence in 2..=LAST {
        // Never waits; a wait would be the bug. Others get their turn, so that the server really tries to send.
        server.publish.send_replace(picture(128, 64, sequence));
        tokio::task::yield_now().await;
    }
    while sequence(&next_picture(&mut keen).await.unwrap()) != LAST {}

    let mut kept = 0;
    loop {
        let bytes = next_picture(&mut lazy).await.unwrap();
        kept += bytes.len();
        if sequence(&bytes) == LAST {
            break;
        }
    }
    assert!(kept < 1024 * 1024, "{kept} bytes were kept for a viewer that did not read");
}

/// P-API-4: a viewer that never reads is let go, and its place is free for the next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_that_stays_blocked_is_disconnected() {
    let limits = Limits { frame_clients: 1, blocked_write: Duration::from_millis(100), ..Limits::default() };
    let server = Server::start_with(limits, picture(128, 64, 1));
    let _lazy = lazy_viewer(&server).await;
    assert_eq!(open(&server, server.connect().await, "").await.err(), Some(503));
    let freed = async {
        for sequence in 2.. {
            server.publish.send_replace(picture(128, 64, sequence));
            if open(&server, server.connect().await, "").await.is_ok() {
                return;
            }
        }
    };
    patiently("the place of the blocked viewer", freed).await;
}

#[tokio::test]
async fn one_viewer_too_many_gets_503_and_a_leaving_one_makes_room() {
    let limits = Limits { frame_clients: 2, ..Limits::default() };
    let server = Server::start_with(limits, picture(4, 2, 1));
    let (mut first, _second) = (viewer(&server).await, viewer(&server).await);
    assert_eq!(open(&server, server.connect().await, "").await.err(), Some(503));
    first.close(None).await.unwrap();
    let room = async { while open(&server, server.connect().await, "").await.is_err() {} };
    patiently("the place of the viewer that left", room).await;
}

#[tokio::test]
async fn a_viewer_that_talks_too_much_is_disconnected() {
    let server = Server::start();
    let mut quiet = viewer(&server).await;
    quiet.send(Message::text("hello?")).await.unwrap();
    quiet.send(Message::binary(vec![0; 1024])).await.unwrap();
    next_picture(&mut quiet).await.unwrap();
    server.publish.send_replace(picture(4, 2, 2));
    assert_eq!(sequence(&next_picture(&mut quiet).await.unwrap()), 2, "small talk is ignored");

    let mut loud = viewer(&server).await;
    next_picture(&mut loud).await.unwrap();
    loud.send(Message::binary(vec![0; 1025])).await.unwrap();
    assert_eq!(next_picture(&mut loud).await, None);
    server.publish.send_replace(picture(4, 2, 3));
    assert_eq!(sequence(&next_picture(&mut quiet).await.unwrap()), 3);
}

#[tokio::test]
async fn a_viewer_is_pinged_and_one_that_never_answers_is_gone_after_three() {
    let limits = Limits { frame_clients: 1, ping_every: Duration::from_millis(50), ..Limits::default() };
    let server = Server::start_with(limits, picture(4, 2, 1));
    let mut answering = viewer(&server).await;
    for _ in 0..8 {
        // Reading is what makes this client answer.
        while !matches!(patiently("a ping", answering.next()).await.unwrap().unwrap(), Message::Ping(_)) {}
    }
    // Now it falls silent, without closing.
    let silent = answering;
    let room = async { while open(&server, server.connect().await, "").await.is_err() {} };
    patiently("the place of the silent viewer", room).await;
    drop(silent);
}

#[tokio::test]
async fn a_viewer_of_one_instance_gets_its_own_pictures() {
    let server = Server::start();
    let mut viewer = open(&server, server.connect().await, "?plugin=K%C3%BCche").await.unwrap();
    assert_eq!(next_picture(&mut viewer).await.unwrap(), [2, 0, 1, 0, 5, 0, 0, 0, 1, 2, 3, 1, 2, 3]);
    server.host.drawn.store(6, Ordering::Release);
    assert_eq!(sequence(&next_picture(&mut viewer).await.unwrap()), 6);
    assert_eq!(open(&server, server.connect().await, "?plugin=nobody").await.err(), Some(404));
}

/// P-API-7: stopping does not wait for viewers, and tells them.
#[tokio::test]
async fn viewers_are_told_that_the_host_stops() {
    let mut server = Server::start();
    let mut viewer = viewer(&server).await;
    next_picture(&mut viewer).await.unwrap();
    let told = tokio::spawn(async move {
        match patiently("the goodbye", viewer.next()).await {
            Some(Ok(Message::Close(Some(frame)))) => {
                // One more read answers the close.
                let _ = viewer.next().await;
                frame.code
            }
            other => panic!("{other:?}"),
        }
    });
    server.stop().await;
    assert_eq!(told.await.unwrap(), CloseCode::Away);
}
