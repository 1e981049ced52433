//! Whose turn it is: tests that measure time run alone, all others beside each other.
//!
//! Invariant: while one [`alone`] holds its turn no other test of this program has one.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

static TURNS: RwLock<()> = RwLock::new(());

/// A turn; keep it until the end of the test.
#[derive(Debug)]
pub enum Turn {
    /// Nobody else runs.
    Alone(RwLockWriteGuard<'static, ()>),
    /// Others may run.
    Beside(RwLockReadGuard<'static, ()>),
}

/// Waits until no other test runs, for a test that looks at times.
#[must_use]
pub fn alone() -> Turn {
    Turn::Alone(TURNS.write().unwrap_or_else(PoisonError::into_inner))
}

/// Waits until no test wants to be alone.
#[must_use]
pub fn beside_others() -> Turn {
    Turn::Beside(TURNS.read().unwrap_or_else(PoisonError::into_inner))
}
