//! Sending one exchange and receiving its reply, within the limit of size.
//!
//! Invariant: no proxy, cookie, referer, redirect or name look-up happens but by this crate's own rules; the buffer of
//! a body never grows past its limit. Time is the caller's business.

use std::error::Error as _;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use reqwest::{Client, redirect};
use tokio::sync::OnceCell;

use crate::error::FetchError;
use crate::exchange::{Exchange, Reply};
use crate::request::Method;
use crate::resolver::{AddressRefused, CheckedResolver};

/// The most bytes of headers taken from a server.
const MOST_HEADER_BYTES: usize = 64 << 10;

/// The two clients: for public addresses, and for those with the permission for the private network. They share no
/// connection. Each is made when first needed, since that reads the certificate authorities of the machine.
#[derive(Debug, Default)]
pub(crate) struct Transport {
    public: OnceCell<Client>,
    private: OnceCell<Client>,
}

/// What the server is asked to compare with, instead of sending again what is known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Validators {
    pub(crate) etag: Option<HeaderValue>,
    pub(crate) last_modified: Option<HeaderValue>,
}

impl Transport {
    /// Sends `exchange` and waits for the whole reply.
    pub(crate) async fn send(
        &self,
        exchange: &Exchange,
        validators: Validators,
        most_bytes: usize,
    ) -> Result<Reply, FetchError> {
        let failed = |error: reqwest::Error| failure(exchange, error);
        let client = self.client(exchange.private_network).await?;
        let method = match exchange.method {
            Method::Get => http::Method::GET,
            Method::Head => http::Method::HEAD,
            Method::Post => http::Method::POST,
        };
        let mut headers = exchange.headers.clone();
        let conditions =
            [(header::IF_NONE_MATCH, validators.etag), (header::IF_MODIFIED_SINCE, validators.last_modified)];
        for (name, value) in conditions {
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
        let mut request = client.request(method, exchange.url.clone()).headers(headers);
        if let Some(body) = &exchange.body {
            request = request.body(body.clone());
        }
        let mut response = request.send().await.map_err(failed)?;

        let too_large = || FetchError::TooLarge { host: exchange.host(), limit: most_bytes };
        let has_body = exchange.method != Method::Head;
        if has_body && response.content_length().is_some_and(|length| length > most_bytes as u64) {
            return Err(too_large());
        }
        if weight(response.headers()) > MOST_HEADER_BYTES {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            let needed = body.len() + chunk.len();
            if needed > most_bytes {
                return Err(too_large());
            }
            if needed > body.capacity() {
                // Doubling, but never past the limit.
                body.reserve_exact((2 * needed).min(most_bytes) - body.len());
            }
            body.extend_from_slice(&chunk);
        }
        let mut headers = std::mem::take(response.headers_mut());
        if exchange.method != Method::Post {
            // One reply may serve several plugins; a session is meant for one.
            headers.remove(header::SET_COOKIE);
        }
        // Shrinks to the right size, so that what is kept for long wastes nothing.
        Ok(Reply { status: response.status(), headers, body: Bytes::from(body.into_boxed_slice()) })
    }

    async fn client(&self, private_network: bool) -> Result<&Client, FetchError> {
        let cell = if private_network { &self.private } else { &self.public };
        cell.get_or_try_init(|| async { make_client(private_network) })
            .await
            .map_err(|error| FetchError::NoClient { source: Arc::new(error) })
    }
}

fn make_client(private_network: bool) -> reqwest::Result<Client> {
    Client::builder()
        .user_agent(concat!("Marquee/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(CheckedResolver { private_network })
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .http2_max_header_list_size(MOST_HEADER_BYTES as u32)
        .pool_max_idle_per_host(2)
        .build()
}

fn weight(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// The error of the client, or the refusal of the resolver that hides in it.
fn failure(exchange: &Exchange, error: reqwest::Error) -> FetchError {
    let mut cause = error.source();
    while let Some(current) = cause {
        if let Some(AddressRefused { address, kind }) = current.downcast_ref() {
            return FetchError::PrivateAddress { host: exchange.host(), address: *address, kind: *kind };
        }
        cause = current.source();
    }
    FetchError::Network { host: exchange.host(), source: Arc::new(error.without_url()) }
}
