//! A host that answers from what a test put there.
//!
//! Invariant: what a test did not put there is refused as the real host would: no such host, no such asset.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::host::Services;
use crate::{HostError, HostErrorKind, HttpRequest, HttpResponse};

/// Canned answers, kept values and assets.
#[derive(Debug, Default)]
pub struct Canned {
    answers: Mutex<BTreeMap<String, Result<HttpResponse, HostError>>>,
    requests: Mutex<Vec<HttpRequest>>,
    values: Mutex<BTreeMap<String, Vec<u8>>>,
    assets: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Canned {
    /// From now on, a request for this URL gets this status and body.
    pub fn answer(&self, url: impl Into<String>, status: u16, body: impl Into<Vec<u8>>) {
        let answer = HttpResponse {
            status,
            headers: Vec::new(),
            body: body.into(),
            stale: false,
            age: Duration::ZERO,
        };
        lock(&self.answers).insert(url.into(), Ok(answer));
    }

    /// From now on, a request for this URL fails.
    pub fn fail(&self, url: impl Into<String>, kind: HostErrorKind, message: impl Into<String>) {
        lock(&self.answers).insert(url.into(), Err(HostError { kind, message: message.into() }));
    }

    /// Puts a file into the assets folder.
    pub fn add_asset(&self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        lock(&self.assets).insert(path.into(), bytes.into());
    }

    /// All requests so far, in order.
    pub fn requests(&self) -> Vec<HttpRequest> {
        lock(&self.requests).clone()
    }
}

impl Services for Canned {
    fn http(&self, request: &HttpRequest) -> Result<HttpResponse, HostError> {
        lock(&self.requests).push(request.clone());
        let refused = || HostError {
            kind: HostErrorKind::NotPermitted,
            message: format!("the test has no answer for {}", request.url),
        };
        lock(&self.answers).get(&request.url).cloned().unwrap_or_else(|| Err(refused()))
    }

    fn value(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        Ok(lock(&self.values).get(key).cloned())
    }

    fn set_value(&self, key: &str, value: Option<&[u8]>) -> Result<(), HostError> {
        match value {
            Some(value) => lock(&self.values).insert(key.to_owned(), value.to_vec()),
            None => lock(&self.values).remove(key),
        };
        Ok(())
    }

    fn asset(&self, path: &str) -> Result<Vec<u8>, HostError> {
        let missing =
            || HostError { kind: HostErrorKind::NotFound, message: format!("there is no asset {path:?}") };
        lock(&self.assets).get(path).cloned().ok_or_else(missing)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
