//! `none`: pictures end here. For machines that run plugins without showing them, and for measurements.
//!
//! Invariant: it does nothing but count.

use marquee_model::Picture;

use crate::{Sink, SinkError, SinkReport};

/// The sink that shows nothing.
#[derive(Debug, Default)]
pub(crate) struct Nothing {
    pictures: u64,
}

impl Sink for Nothing {
    fn present(&mut self, _picture: &Picture) {
        self.pictures += 1;
    }

    fn report(&self) -> SinkReport {
        SinkReport { pictures: self.pictures, dropped: 0, error: None }
    }

    fn finish(self: Box<Self>) -> Result<(), SinkError> {
        Ok(())
    }
}
