//! What the person who measures asked for.

use std::path::PathBuf;
use std::time::Duration;

/// The arguments of `xtask bench`.
#[derive(Debug, Clone, Default)]
pub struct Arguments {
    /// Short runs, to see that everything works; the figures mean little.
    pub quick: bool,
    /// Measure only the parts whose name holds this.
    pub only: Option<String>,
    /// Where the built programs and plugins lie; beside this program without.
    pub programs: Option<PathBuf>,
}

impl Arguments {
    /// Reads them; none if they cannot be understood.
    #[must_use]
    pub fn read(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let mut arguments = Self::default();
        if words.next()? != "bench" {
            return None;
        }
        while let Some(word) = words.next() {
            match word.as_str() {
                "--quick" => arguments.quick = true,
                "--only" => arguments.only = Some(words.next()?),
                "--programs" => arguments.programs = Some(words.next()?.into()),
                _ => return None,
            }
        }
        Some(arguments)
    }

    pub(crate) fn wants(&self, part: &str) -> bool {
        self.only.as_ref().is_none_or(|only| part.contains(only.as_str()))
    }

    /// How many runs make a median.
    pub(crate) fn runs(&self) -> usize {
        if self.quick { 2 } else { 7 }
    }

    /// A length of time, cut to a fifth in a quick run.
    pub(crate) fn time(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64(if self.quick { seconds / 5.0 } else { seconds })
    }

    /// A count, cut to a tenth in a quick run.
    pub(crate) fn count(&self, full: usize) -> usize {
        if self.quick { (full / 10).max(1) } else { full }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Option<Arguments> {
        Arguments::read(words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn what_is_not_known_is_refused() {
        assert!(
            read("bench --quick --only frame")
                .is_some_and(|a| a.quick && a.wants("frame") && !a.wants("start"))
        );
        assert!(read("bench --fast").is_none() && read("bench --only").is_none() && read("").is_none());
    }
}
