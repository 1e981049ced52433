//! Where the built programs and plugins lie.

use std::path::{Path, PathBuf};

use super::arguments::Arguments;
use super::error::BenchError;

/// The programs that are measured.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) folder: PathBuf,
    pub(crate) marquee: PathBuf,
    pub(crate) runner: PathBuf,
    pub(crate) text: PathBuf,
    pub(crate) clock: PathBuf,
    pub(crate) life: PathBuf,
}

impl Programs {
    pub(crate) fn find(arguments: &Arguments) -> Result<Self, BenchError> {
        let folder = match &arguments.programs {
            Some(folder) => folder.clone(),
            None => {
                let own = std::env::current_exe().map_err(BenchError::system("find this program"))?;
                own.parent().map(Path::to_owned).unwrap_or_default()
            }
        };
        let file = |name: &str| -> Result<PathBuf, BenchError> {
            let path = folder.join(name);
            let missing = || BenchError::wrong(format!("there is no {}: run scripts/bench", path.display()));
            path.is_file().then_some(path.clone()).ok_or_else(missing)
        };
        Ok(Self {
            marquee: file("marquee")?,
            runner: file("marquee-runner")?,
            text: file("libmarquee_plugin_text.so")?,
            clock: file("libmarquee_plugin_clock.so")?,
            life: file("libmarquee_plugin_life.so")?,
            folder,
        })
    }
}
