//! The fetch service against real servers on this machine.
//!
//! Invariant: servers record what reached them, so a test can say not only what a plugin was told but also what was
//! sent; tests wait for recorded facts, and move the clock of the runtime where time must pass.

mod failing;
mod limits;
mod proxy;
mod refused;
mod server;
mod sharing;

use std::time::Duration;

use marquee_fetch::{FetchService, Limits, Permission};

/// A service with the default limits but for `change`.
fn service(change: impl FnOnce(&mut Limits)) -> FetchService {
    let mut limits = Limits::default();
    change(&mut limits);
    FetchService::new(limits).unwrap()
}

/// The permission for `hosts`, asked for and approved, on the private network.
fn private(hosts: &[&str]) -> Permission {
    let hosts: Vec<_> = hosts.iter().map(|host| host.parse().unwrap()).collect();
    Permission { asked: hosts.clone(), approved: hosts, private_network: true }
}

/// The same without the private network.
fn public(hosts: &[&str]) -> Permission {
    Permission { private_network: false, ..private(hosts) }
}

/// Every port of this machine.
fn here() -> Permission {
    private(&["127.0.0.1:*"])
}

/// Lets time pass for the service, at once.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// Waits until `fact` holds; a test that waits in vain fails.
async fn until(mut fact: impl FnMut() -> bool) {
    let wait = async {
        while !fact() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("what the test waits for happens");
}
