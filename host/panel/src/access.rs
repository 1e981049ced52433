//! Who may show pictures, and as whom this process runs once the pins are open.
//!
//! Invariant: a peer is known by what the kernel says of it, never by what it says itself. Names are looked up once,
//! at the start, in `/etc/passwd` and `/etc/group`; people from elsewhere are named by number.

use std::fs;
use std::path::Path;

/// The other end of a connection, in the kernel's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its user.
    pub uid: u32,
    /// Its first group.
    pub gid: u32,
}

/// Whom to let in: root, this process's own user, and those listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    users: Vec<u32>,
    groups: Vec<u32>,
}

/// A user to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// Number of the user.
    pub uid: u32,
    /// Number of its first group.
    pub gid: u32,
}

/// Why there is no such user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no user {0:?}: create it, or name another one as run_as in [panel.hub75]")]
pub struct NoSuchUser(pub String);

impl Allowed {
    /// Looks names up under `root`. Names that do not exist let nobody in and are answered, for the log.
    #[must_use]
    pub fn resolve(root: &Path, users: &[String], groups: &[String]) -> (Self, Vec<String>) {
        let mut unknown = Vec::new();
        let mut numbers = |names: &[String], find: &dyn Fn(&str) -> Option<u32>| -> Vec<u32> {
            let mut found = Vec::new();
            for name in names {
                match find(name) {
                    Some(number) => found.push(number),
                    None => unknown.push(name.clone()),
                }
            }
            found
        };
        let users = numbers(users, &|name| user(root, name).map(|user| user.uid));
        let groups = numbers(groups, &|name| group(root, name));
        (Self { users, groups }, unknown)
    }

    /// Whether this peer may show pictures; `own` is the user that this process runs as.
    #[must_use]
    pub fn lets_in(&self, peer: Peer, own: u32) -> bool {
        peer.uid == 0 || peer.uid == own || self.users.contains(&peer.uid) || self.groups.contains(&peer.gid)
    }
}

impl User {
    /// Looks a name or a number up under `root`.
    ///
    /// # Errors
    /// When there is no such user, or it is root, which would keep every right.
    pub fn find(root: &Path, name: &str) -> Result<Self, NoSuchUser> {
        user(root, name)
            .filter(|user| user.uid != 0)
            .ok_or_else(|| NoSuchUser(name.chars().take(60).collect()))
    }
}

/// `name:password:uid:gid:…`. A number that nobody has is a user with a group of the same number.
fn user(root: &Path, name: &str) -> Option<User> {
    let number: Option<u32> = name.parse().ok();
    let known = lines(root, "etc/passwd").into_iter().find_map(|fields| {
        let user = User { uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? };
        (fields.first()? == name || Some(user.uid) == number).then_some(user)
    });
    known.or(number.map(|uid| User { uid, gid: uid }))
}

/// `name:password:gid:…`.
fn group(root: &Path, name: &str) -> Option<u32> {
    let known = lines(root, "etc/group").into_iter().find(|fields| fields.first().is_some_and(|n| n == name));
    known.and_then(|fields| fields.get(2)?.parse().ok()).or_else(|| name.parse().ok())
}

fn lines(root: &Path, file: &str) -> Vec<Vec<String>> {
    let text = fs::read(root.join(file)).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().map(|line| line.split(':').map(str::to_owned).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("etc")).unwrap();
        let passwd = "root:x:0:0:root:/root:/bin/sh\nbroken\nmarquee:x:990:991::/:/bin/false\n";
        fs::write(root.path().join("etc/passwd"), passwd).unwrap();
        fs::write(root.path().join("etc/group"), "root:x:0:\nshow:x:77:kim\n").unwrap();
        root
    }

    #[test]
    fn only_those_named_are_let_in() {
        let root = root();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let (allowed, unknown) =
            Allowed::resolve(root.path(), &names(&["marquee", "1234", "ghost"]), &names(&["show", "ghosts"]));
        assert_eq!(unknown, ["ghost", "ghosts"]);
        let lets_in = |uid, gid| allowed.lets_in(Peer { uid, gid }, 500);
        assert!(
            lets_in(0, 0) && lets_in(500, 500) && lets_in(990, 991) && lets_in(1234, 1) && lets_in(8, 77)
        );
        assert!(!lets_in(1000, 1000) && !lets_in(991, 990));
        assert!(!Allowed::default().lets_in(Peer { uid: 990, gid: 0 }, 500));
    }

    #[test]
    fn the_user_to_become_must_exist_and_is_never_root() {
        let root = root();
        assert_eq!(User::find(root.path(), "marquee"), Ok(User { uid: 990, gid: 991 }));
        assert_eq!(User::find(root.path(), "990"), Ok(User { uid: 990, gid: 991 }));
        assert_eq!(User::find(root.path(), "65000"), Ok(User { uid: 65000, gid: 65000 }));
        assert!(User::find(root.path(), "root").is_err() && User::find(root.path(), "0").is_err());
        let error = User::find(root.path(), "kim").unwrap_err().to_string();
        assert!(error.contains("there is no user \"kim\""), "{error}");
    }
}
