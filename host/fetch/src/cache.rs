//! Replies kept for later, the least recently used given up first.
//!
//! Invariant: the cache never holds more bytes than its limit, nor more of one instance than that instance's share; so
//! a plugin that fetches endlessly many things pushes out only its own.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use http::header::{self, HeaderMap};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::exchange::{Key, Reply};
use crate::freshness;
use crate::transport::Validators;

/// What an entry takes besides its key and its reply.
const OVERHEAD: usize = 512;

/// A reply with what is known about its freshness.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) reply: Arc<Reply>,
    /// When the server sent or confirmed it.
    since: Instant,
    /// How old it was then.
    age_then: Duration,
    lifetime: Duration,
}

impl Stored {
    pub(crate) fn new(reply: Arc<Reply>, now: Instant) -> Self {
        let age_then = freshness::age(&reply.headers);
        let lifetime = freshness::lifetime(&reply.headers, Timestamp::now());
        Self { reply, since: now, age_then, lifetime }
    }

    /// The same body, confirmed by a 304 with these headers.
    pub(crate) fn confirmed(&self, headers: &HeaderMap, now: Instant) -> Self {
        let mut merged = self.reply.headers.clone();
        // An age is that of one answer; the others replace what they name.
        merged.remove(header::AGE);
        for name in headers.keys() {
            if name == header::CONTENT_LENGTH
                || name == header::CONTENT_ENCODING
                || name == header::CONTENT_TYPE
            {
                continue;
            }
            merged.remove(name);
            for value in headers.get_all(name) {
                merged.append(name.clone(), value.clone());
            }
        }
        let reply = Reply { status: self.reply.status, headers: merged, body: self.reply.body.clone() };
        Self::new(Arc::new(reply), now)
    }

    pub(crate) fn age(&self, now: Instant) -> Duration {
        self.age_then + now.duration_since(self.since)
    }

    fn is_fresh(&self, now: Instant) -> bool {
        self.age(now) < self.lifetime
    }

    pub(crate) fn validators(&self) -> Validators {
        Validators {
            etag: self.reply.headers.get(header::ETAG).cloned(),
            last_modified: self.reply.headers.get(header::LAST_MODIFIED).cloned(),
        }
    }
}

#[derive(Debug)]
struct Entry {
    stored: Stored,
    owner: Arc<str>,
    weight: usize,
    turn: u64,
}

#[derive(Debug)]
pub(crate) struct Cache {
    entries: HashMap<Arc<Key>, Entry>,
    /// Keys by when they were last used.
    order: BTreeMap<u64, Arc<Key>>,
    shares: HashMap<Arc<str>, usize>,
    bytes: usize,
    turn: u64,
    most: usize,
    most_each: usize,
}

impl Cache {
    pub(crate) fn new(most: usize, most_each: usize) -> Self {
        let (entries, order, shares) = (HashMap::new(), BTreeMap::new(), HashMap::new());
        Self { entries, order, shares, bytes: 0, turn: 0, most, most_each }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// What is kept for `key`, and whether it may be used without asking the server.
    pub(crate) fn get(&mut self, key: &Key, now: Instant) -> Option<(Stored, bool)> {
        let (key, entry) = self.entries.get_key_value(key)?;
        let (key, old) = (Arc::clone(key), entry.turn);
        self.order.remove(&old);
        self.turn += 1;
        self.order.insert(self.turn, Arc::clone(&key));
        let entry = self.entries.get_mut(&key)?;
        entry.turn = self.turn;
        Some((entry.stored.clone(), entry.stored.is_fresh(now)))
    }

    /// Keeps `stored`, on the account of `owner`, in place of what was kept for `key`.
    pub(crate) fn put(&mut self, key: &Arc<Key>, stored: Stored, owner: &Arc<str>) {
        self.remove(key);
        let weight = key.weight() + stored.reply.weight() + OVERHEAD;
        if weight > self.most.min(self.most_each) {
            return;
        }
        while self.shares.get(owner).is_some_and(|share| share + weight > self.most_each) {
            let own = |key: &&Arc<Key>| self.entries.get(*key).is_some_and(|entry| entry.owner == *owner);
            let Some(oldest) = self.order.values().find(own).cloned() else { break };
            self.remove(&oldest);
        }
        while self.bytes + weight > self.most {
            let Some(oldest) = self.order.values().next().cloned() else { break };
            self.remove(&oldest);
        }
        self.turn += 1;
        self.bytes += weight;
        *self.shares.entry(Arc::clone(owner)).or_default() += weight;
        self.order.insert(self.turn, Arc::clone(key));
        self.entries
            .insert(Arc::clone(key), Entry { stored, owner: Arc::clone(owner), weight, turn: self.turn });
    }

    pub(crate) fn remove(&mut self, key: &Key) {
        let Some(entry) = self.entries.remove(key) else { return };
        self.order.remove(&entry.turn);
        self.bytes -= entry.weight;
        if let Some(share) = self.shares.get_mut(&entry.owner) {
            *share -= entry.weight;
            if *share == 0 {
                self.shares.remove(&entry.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Exchange;
    use crate::request::Method;
    use bytes::Bytes;
    use http::{HeaderValue, StatusCode};

    fn key(name: &str) -> Arc<Key> {
        let url = format!("https://example.com/{name}").parse().unwrap();
        let headers = HeaderMap::new();
        Arc::new(Exchange { method: Method::Get, url, headers, body: None, private_network: false }.key())
    }

    fn stored(bytes: usize, control: &'static str, now: Instant) -> Stored {
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(control));
        Stored::new(Arc::new(Reply { status: StatusCode::OK, headers, body: vec![0; bytes].into() }), now)
    }

    #[test]
    fn the_least_recently_used_reply_goes_first() {
        let now = Instant::now();
        let mut cache = Cache::new(4_000, 4_000);
        let owner: Arc<str> = "a".into();
        cache.put(&key("1"), stored(1_000, "max-age=9", now), &owner);
        cache.put(&key("2"), stored(1_000, "max-age=9", now), &owner);
        assert!(cache.get(&key("1"), now).is_some());
        cache.put(&key("3"), stored(1_000, "max-age=9", now), &owner);
        assert!(cache.get(&key("2"), now).is_none());
        assert!(cache.get(&key("1"), now).is_some() && cache.get(&key("3"), now).is_some());
        assert!(cache.bytes() <= 4_000);
    }

    #[test]
    fn an_instance_that_fills_the_cache_pushes_out_only_its_own() {
        let now = Instant::now();
        let mut cache = Cache::new(10_000, 4_000);
        cache.put(&key("other"), stored(1_000, "max-age=9", now), &"b".into());
        for number in 0..50 {
            cache.put(&key(&number.to_string()), stored(1_000, "max-age=9", now), &"a".into());
        }
        assert!(cache.get(&key("other"), now).is_some());
        assert!(cache.bytes() <= 6_000 && cache.entries.len() == cache.order.len());
        cache.put(&key("big"), stored(5_000, "max-age=9", now), &"a".into());
        assert!(cache.get(&key("big"), now).is_none());
    }

    #[test]
    fn a_confirmed_reply_is_fresh_again_with_its_old_body() {
        let start = Instant::now();
        let old = Stored {
            reply: Arc::new(Reply { body: Bytes::from_static(b"x"), ..reply() }),
            ..stored(0, "max-age=9", start)
        };
        let later = start + Duration::from_secs(10);
        assert!(!old.is_fresh(later));
        let new = old.confirmed(&HeaderMap::new(), later);
        assert!(new.is_fresh(later) && new.age(later).is_zero() && new.reply.body == old.reply.body);
    }

    fn reply() -> Reply {
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=9"));
        headers.insert(header::AGE, HeaderValue::from_static("3"));
        Reply { status: StatusCode::OK, headers, body: Bytes::new() }
    }
}
