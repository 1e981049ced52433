//! The host's own things: configuration and folders.

use std::io::ErrorKind;
use std::path::Path;

use rustix::fs::{Access, access};

use super::Check;
use crate::config::Config;

const GROUP: &str = "host";

pub(super) fn checks(config: &Config) -> Vec<Check> {
    let file = match &config.file {
        Some(path) => path.display().to_string(),
        None => "no file, everything is at its default".to_owned(),
    };
    vec![
        Check::ok(GROUP, "configuration", file),
        folder("state folder", &config.directories.state, Access::WRITE_OK | Access::EXEC_OK),
        folder("plugins folder", &config.directories.plugins, Access::READ_OK | Access::EXEC_OK),
    ]
}

/// A folder and whether this user may do with it what the host must.
fn folder(name: &str, path: &Path, needed: Access) -> Check {
    let shown = path.display();
    match path.metadata() {
        Ok(found) if !found.is_dir() => Check::missing(GROUP, name, format!("{shown} is not a folder"))
            .advice("remove it, or name another one"),
        Ok(_) => match access(path, needed) {
            Ok(()) => Check::ok(GROUP, name, shown.to_string()),
            Err(errno) => Check::missing(GROUP, name, format!("{shown}: {}", std::io::Error::from(errno)))
                .advice("give it to the user that runs the host, or ask as that user"),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Check::partial(GROUP, name, format!("{shown} is not there yet")).advice("`marquee run` makes it")
        }
        Err(error) => Check::missing(GROUP, name, format!("{shown}: {error}"))
            .advice("give it to the user that runs the host, or ask as that user"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_folder_is_there_or_not_yet_or_something_else() {
        let home = tempfile::tempdir().unwrap();
        let state = |path: &Path| folder("plugins folder", path, Access::READ_OK).state;
        assert_eq!(state(home.path()), State::Ok);
        assert_eq!(state(&home.path().join("none")), State::Partial);
        std::fs::write(home.path().join("file"), "").unwrap();
        assert_eq!(state(&home.path().join("file")), State::Missing);
        assert_eq!(state(&home.path().join("file/below")), State::Missing);
    }
}
