//! What the screen lets others see: who is on, the counters, each instance's last frame.
//!
//! Invariant: the render thread holds these locks only for a copy of one frame or a few words, and others likewise.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use marquee_model::{InstanceName, PanelSize, Picture, ShownView, SinkView};
use marquee_stage::Scene;

/// The last good frame of one instance.
#[derive(Debug, Clone)]
pub(crate) struct OwnFrame {
    pub(crate) rgb: Arc<Mutex<Vec<u8>>>,
    pub(crate) sequence: Arc<AtomicU64>,
}

impl OwnFrame {
    fn black(size: PanelSize) -> Self {
        Self { rgb: Arc::new(Mutex::new(vec![0; size.bytes()])), sequence: Arc::default() }
    }

    pub(crate) fn pixels(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.rgb.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Shown {
    plugin: Option<InstanceName>,
    reason: &'static str,
    since: Duration,
    next: Option<InstanceName>,
}

/// What the screen lets others see.
#[derive(Debug)]
pub struct Board {
    size: PanelSize,
    start: Instant,
    shown: Mutex<Shown>,
    sinks: Mutex<Vec<SinkView>>,
    own: Mutex<HashMap<InstanceName, OwnFrame>>,
    frames: AtomicU64,
    ready: AtomicBool,
}

impl Board {
    pub(crate) fn new(size: PanelSize, start: Instant) -> Self {
        Self {
            size,
            start,
            shown: Mutex::default(),
            sinks: Mutex::default(),
            own: Mutex::default(),
            frames: AtomicU64::new(0),
            ready: AtomicBool::new(false),
        }
    }

    /// What is on screen and why.
    #[must_use]
    pub fn shown(&self) -> ShownView {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let for_ms = self.start.elapsed().saturating_sub(shown.since).as_millis();
        ShownView {
            plugin: shown.plugin.clone(),
            reason: shown.reason.to_owned(),
            for_ms: u64::try_from(for_ms).unwrap_or(u64::MAX),
            next: shown.next.clone(),
        }
    }

    /// Where frames go, and how many went.
    #[must_use]
    pub fn sinks(&self) -> Vec<SinkView> {
        self.sinks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Pictures composed since the start.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    /// Whether a picture was given to the sinks.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// The last good frame of one instance that has drawn.
    #[must_use]
    pub fn own_picture(&self, name: &InstanceName) -> Option<Picture> {
        let own = self.own.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()?;
        let sequence = own.sequence.load(Ordering::Acquire);
        if sequence == 0 {
            return None;
        }
        let rgb = Arc::from(own.pixels().as_slice());
        let plugin = Some(name.clone());
        Some(Picture {
            size: self.size,
            sequence: sequence as u32,
            at: Duration::ZERO,
            plugin,
            brightness: 100,
            rgb,
        })
    }

    /// The place for an instance's frames; made on first use.
    pub(crate) fn own_frame(&self, name: &InstanceName) -> OwnFrame {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.entry(name.clone()).or_insert_with(|| OwnFrame::black(self.size)).clone()
    }

    /// Forgets the frames of instances that are not in the rotation.
    pub(crate) fn keep(&self, wanted: impl Fn(&InstanceName) -> bool) {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).retain(|name, _| wanted(name));
    }

    pub(crate) fn note_scene(&self, scene: &Scene) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.plugin != scene.shown {
            shown.plugin.clone_from(&scene.shown);
        }
        if shown.next != scene.next {
            shown.next.clone_from(&scene.next);
        }
        (shown.reason, shown.since) = (scene.reason.as_str(), scene.since);
    }

    pub(crate) fn note_picture(&self) {
        self.frames.fetch_add(1, Ordering::Relaxed);
        self.ready.store(true, Ordering::Release);
    }

    pub(crate) fn note_sinks(&self, sinks: Vec<SinkView>) {
        *self.sinks.lock().unwrap_or_else(PoisonError::into_inner) = sinks;
    }
}
