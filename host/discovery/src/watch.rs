//! Watching the folder that is there now, and noticing when it is another one.
//!
//! A watch belongs to an inode, not to a name: when the folder is removed and made again, moved aside, or its link
//! flipped, the old watch sees nothing of the new folder. The parent's events would tell only of a part of that (its
//! own parents can be moved as well, or not be there), so the folder's identity is compared at every scan instead.
//!
//! Invariant: after [`Watch::ensure`] either events of this very folder arrive, or the caller is told to look by itself.

use std::path::Path;
use std::sync::Arc;

use notify::{Config, RecommendedWatcher, RecursiveMode, Watcher};

use crate::inbox::Inbox;

/// Device and inode of a folder.
pub(crate) type Identity = (u64, u64);

#[derive(Debug)]
pub(crate) struct Watch {
    inbox: Arc<Inbox>,
    /// The running watch, kept for its `Drop`.
    current: Option<(Identity, RecommendedWatcher)>,
    warned: bool,
}

impl Watch {
    pub(crate) fn new(inbox: Arc<Inbox>) -> Self {
        Self { inbox, current: None, warned: false }
    }

    /// Watches the folder with this identity. Whether events will come.
    pub(crate) fn ensure(&mut self, folder: &Path, identity: Identity) -> bool {
        if self.current.as_ref().is_some_and(|(watched, _)| *watched == identity) {
            return true;
        }
        self.current = None;
        match self.start(folder) {
            Ok(watcher) => {
                self.current = Some((identity, watcher));
                self.warned = false;
            }
            Err(error) if !self.warned => {
                let folder = folder.display();
                tracing::warn!(%folder, %error, "cannot watch the plugins folder, so it is listed every second");
                self.warned = true;
            }
            Err(_) => {}
        }
        self.current.is_some()
    }

    /// Stops watching: the folder is gone.
    pub(crate) fn forget(&mut self) {
        self.current = None;
    }

    fn start(&self, folder: &Path) -> notify::Result<RecommendedWatcher> {
        let inbox = Arc::clone(&self.inbox);
        let note = move |event: notify::Result<notify::Event>| match event {
            Ok(event) => inbox.note(&event),
            // Such as a folder that went while its watch was being made.
            Err(_) => inbox.touch(),
        };
        // Without following links: one to `/` would watch the whole machine. What an allowed link points to lies in
        // the folder and is watched there.
        let mut watcher = RecommendedWatcher::new(note, Config::default().with_follow_symlinks(false))?;
        watcher.watch(folder, RecursiveMode::Recursive)?;
        Ok(watcher)
    }
}
