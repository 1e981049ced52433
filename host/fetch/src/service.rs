//! The service: one fetch from the request of a plugin to its answer.
//!
//! Invariant: each hop is checked against the permission of the plugin that asks before anything kept or under way is
//! looked at; the time limit spans all hops. An exchange runs as a task of its own, so a caller that goes away takes
//! nothing from the others.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::answer::Answer;
use crate::board::{Announcer, Board, Flight, Hop, Outcome, Turn};
use crate::cache::Stored;
use crate::counters::{Counters, Tally};
use crate::error::FetchError;
use crate::exchange::{Exchange, Reply};
use crate::limits::{Limits, LimitsError};
use crate::permission::Permission;
use crate::request::{Method, Request};
use crate::resolver::check_literal;
use crate::seats::{Seat, Seats};
use crate::transport::{Transport, Validators};

/// Fetches on behalf of all plugins of a host. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct FetchService {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    limits: Limits,
    transport: Transport,
    board: Mutex<Board>,
    seats: Seats,
    slots: Semaphore,
    tally: Arc<Tally>,
}

/// What one fetch has of patience and room.
struct Terms {
    deadline: Instant,
    time: Duration,
    bytes: usize,
}

impl FetchService {
    /// A service with these limits. Nothing is opened yet.
    ///
    /// # Errors
    /// When the limits would let nothing through.
    pub fn new(limits: Limits) -> Result<Self, LimitsError> {
        limits.check()?;
        let tally = Arc::new(Tally::default());
        let inner = Inner {
            transport: Transport::default(),
            board: Mutex::new(Board::new(&limits, Arc::clone(&tally))),
            seats: Seats::new(limits.concurrent_per_instance),
            slots: Semaphore::new(limits.concurrent_total),
            tally,
            limits,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Fetches for the plugin instance `instance` under `permission`. Must run inside a tokio runtime with time and
    /// network; may be dropped at any time. Takes no longer than the time limit.
    ///
    /// # Errors
    /// See [`FetchError`]. An HTTP status of any kind is an answer, not an error.
    pub async fn fetch(
        &self,
        instance: &str,
        permission: &Permission,
        request: Request,
    ) -> Result<Answer, FetchError> {
        let tally = &self.inner.tally;
        tally.asked.up();
        let result = self.follow(instance, permission, request).await;
        match &result {
            Err(error) if error.is_refusal() => tally.refused.up(),
            Err(FetchError::TooBusy(_)) => tally.busy.up(),
            _ => {}
        }
        if let Err(error) = &result {
            tracing::debug!(instance, %error, "a fetch gave no answer");
        }
        result
    }

    /// What the service has done so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let cache_bytes = self.inner.board().cache.bytes();
        self.inner.tally.read(cache_bytes)
    }

    /// The whole fetch: hop after hop until one is no redirect.
    async fn follow(
        &self,
        instance: &str,
        permission: &Permission,
        mut request: Request,
    ) -> Result<Answer, FetchError> {
        let limits = &self.inner.limits;
        let checked = request.check(limits)?;
        let time = request.time_limit.map_or(limits.time, |lower| lower.min(limits.time));
        let bytes = request.max_bytes.map_or(limits.bytes, |lower| lower.min(limits.bytes));
        let terms = Terms { deadline: Instant::now() + time, time, bytes };
        let mut exchange = Exchange {
            method: request.method,
            url: checked.url,
            headers: checked.headers,
            body: checked.body,
            private_network: permission.private_network,
        };
        let seat = self.inner.seats.take(instance);
        let seat = seat.ok_or(FetchError::TooBusy("this plugin has too many fetches under way"))?;
        let (seat, owner) = (Arc::new(seat), Arc::<str>::from(instance));

        let mut stale = false;
        for _ in 0..=limits.redirects {
            permission.check(&exchange.url)?;
            check_literal(&exchange.url, permission.private_network)?;
            let hop = if exchange.method == Method::Post {
                self.inner.send_alone(&exchange, &terms).await?
            } else {
                self.inner.send_merged(&exchange, &terms, &owner, &seat).await?
            };
            stale |= hop.stale;
            match exchange.redirected(&hop.reply)? {
                Some(next) => exchange = next,
                None if hop.reply.body.len() > bytes => {
                    return Err(FetchError::TooLarge { host: exchange.host(), limit: bytes });
                }
                None => return Ok(answer(&exchange, &hop, stale)),
            }
        }
        Err(FetchError::TooManyRedirects { host: exchange.host(), limit: limits.redirects })
    }
}

impl Inner {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One exchange for one caller, known to nobody else.
    async fn send_alone(&self, exchange: &Exchange, terms: &Terms) -> Outcome {
        let reply = self.exchange(exchange, Validators::default(), terms).await?;
        if reply.is_failure() {
            self.tally.failed.up();
        }
        Ok(Hop::new(Arc::new(reply)))
    }

    /// One exchange for everybody who wants the same.
    async fn send_merged(
        self: &Arc<Self>,
        exchange: &Exchange,
        terms: &Terms,
        owner: &Arc<str>,
        seat: &Arc<Seat>,
    ) -> Outcome {
        let key = Arc::new(exchange.key());
        let host = exchange.host();
        let turn = self.board().turn(&key, &host, Instant::now());
        let mut watch = match turn {
            Turn::Done(outcome) => return outcome,
            Turn::Watch(watch) => watch,
            Turn::Start { announce, watch, kept } => {
                let (host, owner) = (host.clone(), Arc::clone(owner));
                let cacheable = exchange.method == Method::Get;
                let flight = Flight { key: Arc::clone(&key), host, owner, cacheable, kept };
                let task = Arc::clone(self).run(flight, exchange.clone(), Arc::clone(seat), announce);
                tokio::spawn(task);
                watch
            }
        };
        match timeout_at(terms.deadline, watch.wait_for(Option::is_some)).await {
            Ok(Ok(outcome)) => outcome.clone().unwrap_or(Err(FetchError::Interrupted { host })),
            Ok(Err(_)) => Err(FetchError::Interrupted { host }),
            Err(_) => {
                let known = self.board().last_known(&key, Instant::now());
                known.ok_or(FetchError::TimedOut { host, limit: terms.time })
            }
        }
    }

    /// The task of a merged exchange. It keeps the limits of the service, not those of the caller who started it:
    /// others may be waiting who allow more.
    async fn run(self: Arc<Self>, flight: Flight, exchange: Exchange, seat: Arc<Seat>, announce: Announcer) {
        let time = self.limits.time;
        let terms = Terms { deadline: Instant::now() + time, time, bytes: self.limits.bytes };
        let validators = flight.kept.as_ref().map(Stored::validators).unwrap_or_default();
        let result = self.exchange(&exchange, validators, &terms).await;
        // Given back before the outcome is known, so that whoever hears of it can ask again at once.
        drop(seat);
        let outcome = self.board().settle(&flight, result, Instant::now());
        // Nobody may be left to hear it; the cache has it all the same.
        announce.send_replace(Some(outcome));
    }

    /// Waits for a free slot, sends, and receives, all within the deadline.
    async fn exchange(
        &self,
        exchange: &Exchange,
        validators: Validators,
        terms: &Terms,
    ) -> Result<Reply, FetchError> {
        let busy = FetchError::TooBusy("all plugins together have too many fetches under way");
        let Ok(Ok(_slot)) = timeout_at(terms.deadline, self.slots.acquire()).await else { return Err(busy) };
        self.tally.sent.up();
        match timeout_at(terms.deadline, self.transport.send(exchange, validators, terms.bytes)).await {
            Ok(result) => result,
            Err(_) => Err(FetchError::TimedOut { host: exchange.host(), limit: terms.time }),
        }
    }
}

fn answer(exchange: &Exchange, hop: &Hop, stale: bool) -> Answer {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Answer {
        status: hop.reply.status.as_u16(),
        headers: hop
            .reply
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect(),
        body: hop.reply.body.clone(),
        stale,
        age: hop.age,
        from_cache: hop.from_cache,
        url: exchange.url.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue, StatusCode, header};
    use tokio::net::TcpListener;

    /// A service that remembers `http://93.184.215.14/` as a redirect to `location`: a public server that no test
    /// needs to reach.
    fn with_public_redirect_to(location: &str) -> FetchService {
        let service = FetchService::new(Limits::default()).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::LOCATION, HeaderValue::from_str(location).unwrap());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=600"));
        let reply = Reply { status: StatusCode::FOUND, headers, body: bytes::Bytes::new() };
        let exchange = Exchange {
            method: Method::Get,
            url: "http://93.184.215.14/".parse().unwrap(),
            headers: HeaderMap::new(),
            body: None,
            private_network: false,
        };
        let stored = Stored::new(Arc::new(reply), Instant::now());
        service.inner.board().cache.put(&Arc::new(exchange.key()), stored, &"a".into());
        service
    }

    fn permitted(hosts: &[&str]) -> Permission {
        let hosts: Vec<_> = hosts.iter().map(|host| host.parse().unwrap()).collect();
        Permission { asked: hosts.clone(), approved: hosts, private_network: false }
    }

    /// P-BOX-3: a public server cannot send a plugin on to a private address, written as a number or behind a name,
    /// even where the host itself is permitted.
    #[tokio::test]
    async fn a_redirect_to_a_private_address_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in ["127.0.0.1", "2130706433", "localhost", "[::ffff:127.0.0.1]", "169.254.169.254", "0"] {
            let service = with_public_redirect_to(&format!("http://{host}:{port}/secret"));
            let permission = permitted(&["93.184.215.14", &format!("{host}:*")]);
            let result = service.fetch("a", &permission, Request::get("http://93.184.215.14/")).await;
            assert!(matches!(result, Err(FetchError::PrivateAddress { .. })), "{host}: {result:?}");
            assert_eq!(service.counters().refused, 1);
        }
        let nobody = tokio::time::timeout(Duration::from_millis(1), listener.accept()).await;
        assert!(nobody.is_err(), "somebody connected");
    }

    /// P-BOX-3: a redirect leads only to hosts that the plugin may fetch itself.
    #[tokio::test]
    async fn a_redirect_to_a_host_that_is_not_permitted_is_refused() {
        let service = with_public_redirect_to("https://elsewhere.example/");
        let permission = permitted(&["93.184.215.14"]);
        let result = service.fetch("a", &permission, Request::get("http://93.184.215.14/")).await;
        assert!(matches!(result, Err(FetchError::NotPermitted { .. })), "{result:?}");
    }

    /// P-BOX-3: what one plugin fetched is not shown to another that may not fetch it.
    #[tokio::test]
    async fn a_kept_reply_is_not_shown_without_permission() {
        let service = with_public_redirect_to("https://elsewhere.example/");
        let result = service.fetch("b", &permitted(&[]), Request::get("http://93.184.215.14/")).await;
        assert!(matches!(result, Err(FetchError::NotPermitted { .. })), "{result:?}");
        assert_eq!(service.counters().cached, 0);
    }
}
