//! A tiny HTTP/1.1 server whose every byte a test decides.
//!
//! Invariant: one request per connection; what arrived is recorded before anything is answered.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }
}

/// What the server does with a request.
pub(crate) enum Play {
    /// Sends these bytes and closes.
    Send(Vec<u8>),
    /// The same, once the test gives a permit.
    Gated(Arc<Semaphore>, Vec<u8>),
    /// Sends these bytes, and then nothing more, without closing.
    Stall(Vec<u8>),
    /// Sends these bytes, and then one more every 10 ms for ever.
    Drip(Vec<u8>),
    /// Closes without a word.
    Close,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(crate) async fn start(play: impl Fn(&Seen) -> Play + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (record, play) = (Arc::clone(&seen), Arc::new(play));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (record, play) = (Arc::clone(&record), Arc::clone(&play));
                tokio::spawn(async move {
                    let Some((stream, request)) = read(stream).await else { return };
                    record.lock().unwrap().push(request.clone());
                    let play = play(&request);
                    // A client that hung up is what some tests are about.
                    let _ = perform(stream, play).await;
                });
            }
        });
        Self { address, seen }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

/// A complete answer with a length.
pub(crate) fn answer(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// The beginning of an answer whose body lasts until the connection ends.
pub(crate) fn endless(headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 200 X\r\nconnection: close\r\n{headers}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

async fn read(mut stream: TcpStream) -> Option<(TcpStream, Seen)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut lines = head.lines();
    let line = lines.next()?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let seen = Seen { line, headers };
    let length: usize = seen.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while bytes.len() < end + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some((stream, seen))
}

async fn perform(mut stream: TcpStream, play: Play) -> std::io::Result<()> {
    match play {
        Play::Send(bytes) => stream.write_all(&bytes).await?,
        Play::Gated(gate, bytes) => {
            if let Ok(permit) = gate.acquire().await {
                permit.forget();
            }
            stream.write_all(&bytes).await?;
        }
        Play::Stall(bytes) => {
            stream.write_all(&bytes).await?;
            // Ends when the client hangs up.
            stream.read_u8().await?;
        }
        Play::Drip(bytes) => {
            stream.write_all(&bytes).await?;
            let mut clock = tokio::time::interval(Duration::from_millis(10));
            loop {
                clock.tick().await;
                stream.write_all(b".").await?;
            }
        }
        Play::Close => {}
    }
    stream.shutdown().await
}
