//! What `fetch` hands to `draw`: every picture at the panel's size, frame by frame, with its times.
//!
//! Invariant: each frame holds `width * height * 3` bytes of one size; no picture is without frames; each delay of an
//! animation is at least 20 ms.

use std::sync::Arc;
use std::time::Duration;

/// All pictures of a show.
#[derive(Debug)]
pub struct Album {
    pub(crate) pictures: Vec<Arc<Picture>>,
}

/// A picture or an animation.
#[derive(Debug)]
pub(crate) struct Picture {
    /// As the operator named it; empty for the built-in one.
    pub(crate) name: String,
    pub(crate) frames: Vec<Still>,
    /// How long one round of all frames takes; zero for a still picture.
    round: Duration,
}

/// A frame, and for how long it stays.
#[derive(Debug)]
pub(crate) struct Still {
    /// Rows from the top; red, green, blue.
    pub(crate) rgb: Vec<u8>,
    pub(crate) delay: Duration,
}

impl Picture {
    /// A picture of frames; none if there is no frame.
    pub(crate) fn new(name: String, frames: Vec<Still>) -> Option<Self> {
        let round =
            if frames.len() > 1 { frames.iter().map(|frame| frame.delay).sum() } else { Duration::ZERO };
        (!frames.is_empty()).then_some(Self { name, frames, round })
    }

    /// The frame to be seen so long after the start, and when another one follows (none for a still picture).
    pub(crate) fn at(&self, time: Duration) -> (&[u8], Option<Duration>) {
        let last = &self.frames[self.frames.len() - 1].rgb;
        if self.round.is_zero() {
            return (last, None);
        }
        let mut inside = Duration::from_nanos((time.as_nanos() % self.round.as_nanos()) as u64);
        for frame in &self.frames {
            if inside < frame.delay {
                return (&frame.rgb, Some(frame.delay - inside));
            }
            inside -= frame.delay;
        }
        (last, Some(Duration::from_millis(20)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_frame_stays_for_its_own_delay_and_then_the_first_follows() {
        let frame = |n, millis| Still { rgb: vec![n], delay: Duration::from_millis(millis) };
        let picture = Picture::new(String::new(), vec![frame(1, 30), frame(2, 100), frame(3, 20)]).unwrap();
        for (millis, shown, rest) in
            [(0, 1, 30), (29, 1, 1), (30, 2, 100), (129, 2, 1), (130, 3, 20), (150, 1, 30)]
        {
            let (rgb, next) = picture.at(Duration::from_millis(millis));
            assert_eq!((rgb, next), (&[shown][..], Some(Duration::from_millis(rest))), "{millis}");
        }
        let still = Picture::new(String::new(), vec![frame(7, 100)]).unwrap();
        assert_eq!(still.at(Duration::from_secs(5)), (&[7][..], None));
        assert!(Picture::new(String::new(), Vec::new()).is_none());
    }
}
