//! The environment of the host has no say in where plugins' requests go.

use marquee_fetch::Request;

use super::server::{Play, Server, answer};
use super::{here, service};

/// Set in the child: the URL that it shall fetch.
const CHILD: &str = "MARQUEE_TEST_FETCH_URL";

/// P-BOX-3: proxies named in the environment are not used. The variables must be there before the client is made and
/// cannot safely be set in a running process, so the test runs itself again in one that has them.
#[tokio::test]
async fn proxies_of_the_environment_are_not_used() {
    if let Ok(url) = std::env::var(CHILD) {
        let answer = service(|_| ()).fetch("a", &here(), Request::get(url)).await.unwrap();
        assert_eq!(answer.body, "direct");
        return;
    }
    let target = Server::start(|_| Play::Send(answer(200, "", b"direct"))).await;
    let proxy = Server::start(|_| Play::Send(answer(200, "", b"through the proxy"))).await;
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "proxy::proxies_of_the_environment_are_not_used"]).env(CHILD, target.url("/"));
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        child.env(name, proxy.url("/"));
    }
    child.env_remove("no_proxy").env_remove("NO_PROXY").env_remove("REQUEST_METHOD");
    let output = child.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!((target.count(), proxy.count()), (1, 0));
}
