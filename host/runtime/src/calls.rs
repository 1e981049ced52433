//! What a plugin asks of the host, done.
//!
//! Invariant: each call is checked here, in the host, whatever the runner claims; none touches the file system outside
//! the instance's own values and assets.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use marquee_fetch::{FetchError, FetchService, Method, Permission, Request};
use marquee_model::InstanceName;
use marquee_plugin_api::HostErrorKind;
use marquee_runner::protocol::{Answer, Call, Failure};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};

use crate::values::{ValueError, Values};

/// One asset, in bytes.
const LARGEST_ASSET: u64 = 8 * 1024 * 1024;

/// What a call brought, with its bytes.
pub(crate) type Outcome = Result<(Answer, Vec<u8>), Failure>;

/// What is needed to do the calls of one instance.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) instance: InstanceName,
    pub(crate) fetch: Arc<FetchService>,
    pub(crate) permission: Arc<Permission>,
    pub(crate) values: Values,
    pub(crate) assets: Option<Arc<Path>>,
}

impl Desk {
    pub(crate) async fn answer(self, call: Call, bytes: Vec<u8>) -> Outcome {
        match call {
            Call::Http { method, url, headers, time_limit_ns } => {
                let method = match method.as_str() {
                    "GET" => Method::Get,
                    "HEAD" => Method::Head,
                    "POST" => Method::Post,
                    _ => return Err(failure(HostErrorKind::Invalid, "the method must be GET, HEAD or POST")),
                };
                let body = (!bytes.is_empty() || method == Method::Post).then_some(bytes);
                let time_limit = (time_limit_ns > 0).then(|| Duration::from_nanos(time_limit_ns));
                let request = Request { method, headers, body, time_limit, ..Request::get(url) };
                let answer =
                    self.fetch.fetch(self.instance.as_str(), &self.permission, request).await.map_err(
                        |error| {
                            tracing::debug!(target: "plugin", instance = %self.instance, "fetch: {error}");
                            Failure { kind: fetch_kind(&error).code(), message: error.to_string() }
                        },
                    )?;
                let head = Answer::Http {
                    status: answer.status,
                    headers: answer.headers,
                    stale: answer.stale,
                    age_ns: u64::try_from(answer.age.as_nanos()).unwrap_or(u64::MAX),
                };
                Ok((head, answer.body.to_vec()))
            }
            Call::Value { key } => {
                self.on_disk(move |values| values.get(&key)).await.map(|value| match value {
                    Some(bytes) => (Answer::Bytes, bytes),
                    None => (Answer::Nothing, Vec::new()),
                })
            }
            Call::SetValue { key } => self
                .on_disk(move |values| values.set(&key, &bytes))
                .await
                .map(|()| (Answer::Done, Vec::new())),
            Call::RemoveValue { key } => {
                self.on_disk(move |values| values.remove(&key)).await.map(|()| (Answer::Done, Vec::new()))
            }
            Call::Asset { path } => {
                let Some(folder) = self.assets else {
                    return Err(failure(HostErrorKind::NotFound, "this plugin has no assets folder"));
                };
                let read = tokio::task::spawn_blocking(move || asset(&folder, &path)).await;
                read.unwrap_or_else(|_| {
                    Err(failure(HostErrorKind::Unavailable, "the asset cannot be read now"))
                })
                .map(|bytes| (Answer::Bytes, bytes))
            }
        }
    }

    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(Values) -> Result<T, ValueError> + Send + 'static,
    ) -> Result<T, Failure> {
        let values = self.values.clone();
        let done = tokio::task::spawn_blocking(move || work(values)).await;
        match done {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(Failure { kind: error.kind().code(), message: error.to_string() }),
            Err(_) => Err(failure(HostErrorKind::Unavailable, "the value cannot be reached now")),
        }
    }
}

fn fetch_kind(error: &FetchError) -> HostErrorKind {
    match error {
        FetchError::TooLarge { .. } => HostErrorKind::TooLarge,
        FetchError::TimedOut { .. } => HostErrorKind::TimedOut,
        FetchError::BadUrl(_) | FetchError::BadRequest(_) => HostErrorKind::Invalid,
        error if error.is_refusal() => HostErrorKind::NotPermitted,
        _ => HostErrorKind::Unavailable,
    }
}

/// Reads a file below `folder`: no link leads out of it, nothing but a regular file is read, nothing blocks.
fn asset(folder: &Path, path: &str) -> Result<Vec<u8>, Failure> {
    let missing = || failure(HostErrorKind::NotFound, &format!("there is no asset {path:?}"));
    let parts_stay = Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    if path.is_empty() || !parts_stay {
        return Err(failure(HostErrorKind::Invalid, "the path of an asset stays in the assets folder"));
    }
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let open = || -> rustix::io::Result<OwnedFd> {
        let folder = openat(CWD, folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        openat2(&folder, path, flags, Mode::empty(), ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS)
    };
    let file = std::fs::File::from(open().map_err(|_| missing())?);
    let about = file.metadata().map_err(|_| missing())?;
    if !about.is_file() {
        return Err(missing());
    }
    if about.len() > LARGEST_ASSET {
        return Err(failure(HostErrorKind::TooLarge, &format!("the asset {path:?} is larger than 8 MiB")));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0));
    file.take(LARGEST_ASSET).read_to_end(&mut bytes).map_err(|_| missing())?;
    Ok(bytes)
}

pub(crate) fn failure(kind: HostErrorKind, message: &str) -> Failure {
    Failure { kind: kind.code(), message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_read_from_its_folder_and_from_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let assets = folder.path().join("assets");
        std::fs::create_dir_all(assets.join("sub")).unwrap();
        std::fs::write(assets.join("sub/a.txt"), "a").unwrap();
        std::fs::write(folder.path().join("secret"), "s").unwrap();
        std::os::unix::fs::symlink("../secret", assets.join("link")).unwrap();
        assert_eq!(asset(&assets, "sub/a.txt").unwrap(), b"a");
        for bad in ["", "../secret", "/etc/passwd", "sub/../../secret", "link", "sub", "missing"] {
            assert!(asset(&assets, bad).is_err(), "{bad}");
        }
    }
}
