//! How many fetches each instance has under way.
//!
//! Invariant: a seat is held by the plugin's call *and* by the exchange it started, whichever ends last; so a plugin
//! cannot pile up exchanges by giving up on its calls. Instances without fetches take no memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

type Taken = Arc<Mutex<HashMap<String, usize>>>;

#[derive(Debug)]
pub(crate) struct Seats {
    taken: Taken,
    each: usize,
}

/// One fetch under way; gives its place back when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    taken: Taken,
    instance: String,
}

impl Seats {
    pub(crate) fn new(each: usize) -> Self {
        Self { taken: Taken::default(), each }
    }

    /// A seat for `instance`, or nothing if all of its seats are taken.
    pub(crate) fn take(&self, instance: &str) -> Option<Seat> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(instance.to_owned()).or_default();
        if *count >= self.each {
            return None;
        }
        *count += 1;
        Some(Seat { taken: Arc::clone(&self.taken), instance: instance.to_owned() })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.instance) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.instance);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_instance_has_its_own_seats_and_gets_them_back() {
        let seats = Seats::new(2);
        let held = (seats.take("a").unwrap(), seats.take("a").unwrap());
        assert!(seats.take("a").is_none());
        assert!(seats.take("b").is_some());
        drop(held);
        assert!(seats.taken.lock().unwrap().is_empty());
        assert!(seats.take("a").is_some());
    }
}
