//! Notices when a world has nothing new to show.
//!
//! Two signs: the same picture came before (still lifes and oscillators together), or the number of living cells has
//! been repeating itself for a while (gliders among them, which come back to the same picture only after a journey
//! around the torus). Sixty generations is a multiple of nearly every period that chance brings about.
//!
//! Invariant: memory is bounded, whatever the world does.

/// A multiple of the periods 2, 3, 4, 5, 6, 10, 12, 15, 20 and 30.
const CYCLE: usize = 60;

/// For so many generations the population must repeat itself with the cycle.
const STEADY: usize = 60;

/// No world lives longer than this: at eight generations a second, ten minutes.
const LONGEST: usize = 5000;

/// What is remembered of a world.
#[derive(Debug)]
pub(crate) struct Watch {
    /// The last [`CYCLE`] generations: fingerprint and population.
    past: [(u64, usize); CYCLE],
    generations: usize,
    /// For how many generations the population has been what it was a cycle ago.
    steady: usize,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self { past: [(0, 0); CYCLE], generations: 0, steady: 0 }
    }

    /// Whether it has taken note of nothing yet.
    pub(crate) fn is_new(&self) -> bool {
        self.generations == 0
    }

    /// Takes note of a generation, and says whether the world has settled.
    pub(crate) fn settled(&mut self, fingerprint: u64, population: usize) -> bool {
        let known = self.generations.min(CYCLE);
        let seen = self.past[..known].contains(&(fingerprint, population));
        let slot = &mut self.past[self.generations % CYCLE];
        let repeats = known == CYCLE && slot.1 == population;
        self.steady = if repeats { self.steady + 1 } else { 0 };
        *slot = (fingerprint, population);
        self.generations += 1;
        seen || population == 0 || self.steady >= STEADY || self.generations >= LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::{Cell, Grid};

    fn settles_within(cells: &[(usize, usize)], most: usize) -> bool {
        let mut grid = Grid::new(64, 32);
        for (x, y) in cells {
            grid.set(*x, *y, Cell::BORN);
        }
        let mut watch = Watch::new();
        (0..most).any(|_| {
            grid.step();
            watch.settled(grid.fingerprint(), grid.population())
        })
    }

    #[test]
    fn oscillators_are_noticed_as_soon_as_they_repeat() {
        assert!(settles_within(&[(5, 5), (6, 5), (7, 5)], 3));
    }

    #[test]
    fn an_empty_world_is_noticed_at_once() {
        assert!(settles_within(&[], 1));
    }

    #[test]
    fn a_lone_glider_is_noticed_before_it_is_around() {
        assert!(settles_within(&[(1, 0), (2, 1), (0, 2), (1, 2), (2, 2)], CYCLE + STEADY + 1));
    }

    #[test]
    fn a_world_in_full_swing_is_left_alone() {
        // The R-pentomino: more than a thousand generations of growth.
        assert!(!settles_within(&[(31, 15), (32, 15), (30, 16), (31, 16), (31, 17)], 300));
    }
}
