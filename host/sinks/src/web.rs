//! The sink behind the web page: a place where the newest picture can be had and waited for.
//!
//! Invariant: no thread and no queue here. A browser that is slow skips to the newest picture by itself (the HTTP
//! side reads the receiver when its last send is done), so nothing is ever dropped in this place.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use marquee_model::{PanelSize, Picture};
use tokio::sync::watch;

use crate::{Sink, SinkError, SinkReport};

/// The newest picture, watched by any number of browsers. Clones are handles to the same place.
///
/// The picture carries its brightness unapplied: see [`preview_rgb`](crate::preview_rgb).
#[derive(Debug, Clone)]
pub struct WebSink {
    newest: watch::Sender<Arc<Picture>>,
    pictures: Arc<AtomicU64>,
}

impl WebSink {
    /// A sink that shows black until the first picture comes.
    #[must_use]
    pub fn new(size: PanelSize) -> Self {
        let (newest, _) = watch::channel(Arc::new(Picture::filled(size, [0; 3])));
        Self { newest, pictures: Arc::default() }
    }

    /// The newest picture, and a way to wait for the next. Any thread.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<Picture>> {
        self.newest.subscribe()
    }
}

impl Sink for WebSink {
    fn present(&mut self, picture: &Picture) {
        self.newest.send_replace(Arc::new(picture.clone()));
        self.pictures.fetch_add(1, Ordering::Relaxed);
    }

    fn report(&self) -> SinkReport {
        SinkReport { pictures: self.pictures.load(Ordering::Relaxed), dropped: 0, error: None }
    }

    fn finish(self: Box<Self>) -> Result<(), SinkError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_watcher_gets_the_newest_picture_and_never_holds_up_the_host() {
        let size = PanelSize::new(4, 2).unwrap();
        let mut sink = WebSink::new(size);
        let mut watcher = sink.subscribe();
        assert_eq!(watcher.borrow().sequence, 0);
        for sequence in 1..=1000 {
            sink.present(&Picture { sequence, ..Picture::filled(size, [1, 2, 3]) });
        }
        watcher.changed().await.unwrap();
        assert_eq!(watcher.borrow_and_update().sequence, 1000);
        assert!(!watcher.has_changed().unwrap());
        assert_eq!(sink.report().pictures, 1000);
    }
}
