//! One HTTP request to the host.
//!
//! Invariant: it ends within [`LIMIT`], and no more than [`MOST_BYTES`] of an answer are kept.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::header::{ACCEPT, HOST};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// The longest that one request may take, from connecting to the last byte.
const LIMIT: Duration = Duration::from_secs(5);
/// The longest answer.
const MOST_BYTES: usize = 16 << 20;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum GetError {
    /// Nobody listens there.
    #[error("nobody listens at {address}")]
    Refused {
        /// Where.
        address: SocketAddr,
    },
    /// No connection for another reason, or it broke.
    #[error("the connection failed")]
    Io(#[source] io::Error),
    /// Not HTTP as it should be.
    #[error("the answer is not HTTP")]
    Http(#[source] hyper::Error),
    /// Nothing within the limit.
    #[error("no answer within {} s", LIMIT.as_secs())]
    Late,
    /// More than the limit.
    #[error("the answer is longer than {} MiB", MOST_BYTES >> 20)]
    Long,
    /// An answer that is a refusal.
    #[error("it refused with status {status}: {detail}")]
    Status {
        /// The status code.
        status: u16,
        /// Its own words.
        detail: String,
    },
    /// Not JSON.
    #[error("the answer is not JSON")]
    Json(#[source] serde_json::Error),
}

/// Asks and waits. Not for a thread that runs `tokio` already.
pub(super) fn get(address: SocketAddr, path: &str) -> Result<Value, GetError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(GetError::Io)?;
    runtime.block_on(async {
        tokio::time::timeout(LIMIT, ask(address, path)).await.unwrap_or(Err(GetError::Late))
    })
}

async fn ask(address: SocketAddr, path: &str) -> Result<Value, GetError> {
    let stream = TcpStream::connect(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::ConnectionRefused => GetError::Refused { address },
        _ => GetError::Io(error),
    })?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake::<_, String>(TokioIo::new(stream))
        .await
        .map_err(GetError::Http)?;
    // The connection moves the bytes; what goes wrong with it is seen by whoever waits for the answer.
    let moving = tokio::spawn(connection);
    let request = Request::get(path)
        .header(HOST, address.to_string())
        .header(ACCEPT, "application/json")
        .body(String::new())
        .map_err(|error| GetError::Io(io::Error::other(error)))?;
    let response = sender.send_request(request).await.map_err(GetError::Http)?;
    let status = response.status();
    let body = collect(response).await?;
    moving.abort();
    if !status.is_success() {
        return Err(GetError::Status { status: status.as_u16(), detail: detail(&body) });
    }
    serde_json::from_slice(&body).map_err(GetError::Json)
}

async fn collect(response: Response<Incoming>) -> Result<Vec<u8>, GetError> {
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        if let Ok(data) = frame.map_err(GetError::Http)?.into_data() {
            if bytes.len() + data.len() > MOST_BYTES {
                return Err(GetError::Long);
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

/// What a refusal says: the detail of a problem document, or the beginning of its text.
fn detail(body: &[u8]) -> String {
    let problem: Option<Value> = serde_json::from_slice(body).ok();
    let said = problem.as_ref().and_then(|problem| problem.get("detail")?.as_str());
    let said = said.map_or_else(|| String::from_utf8_lossy(body), Into::into);
    said.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// Answers one request with these bytes and closes.
    fn answered_with(bytes: &'static [u8]) -> Result<Value, GetError> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap();
            stream.write_all(bytes).unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let answer = get(address, "/api/v1/status");
        let request = server.join().unwrap();
        assert!(request.starts_with("GET /api/v1/status HTTP/1.1\r\n"), "{request}");
        assert!(request.contains(&format!("host: {address}\r\n")), "{request}");
        answer
    }

    #[test]
    fn an_answer_is_json_and_anything_else_is_a_reason() {
        let answer = answered_with(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{\"a\": 1}");
        assert_eq!(answer.unwrap(), serde_json::json!({"a": 1}));
        let answer = answered_with(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhey!");
        assert!(matches!(answer, Err(GetError::Json(_))), "{answer:?}");
        let answer =
            answered_with(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 19\r\n\r\n{\"detail\":\"not you\"}");
        assert!(matches!(&answer, Err(GetError::Status { status: 403, .. })), "{answer:?}");
        let answer = answered_with(b"SSH-2.0-OpenSSH\r\n");
        assert!(matches!(answer, Err(GetError::Http(_))), "{answer:?}");
        let answer = answered_with(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{}");
        assert!(matches!(answer, Err(GetError::Http(_))), "{answer:?}");
    }

    #[test]
    fn where_nobody_listens_the_connection_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        assert!(matches!(get(address, "/"), Err(GetError::Refused { .. })));
    }
}
