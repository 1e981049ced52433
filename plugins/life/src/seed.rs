//! How worlds begin: soups of chance, some of them mirrored, which grow into ornaments.
//!
//! Invariant: the same seed makes the same world on a grid of the same size.

use crate::grid::{Cell, Grid};

/// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough for a soup.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// True this many times out of a hundred.
    fn percent(&mut self, of: u64) -> bool {
        self.next() % 100 < of
    }
}

/// Fills a grid with a new world. What lived there dies, so that the old world fades while the new one lights up.
pub(crate) fn sow(grid: &mut Grid, chance: &mut Chance) {
    let (width, height) = (grid.width, grid.height);
    let mirrored = chance.percent(40);
    let density = 22 + chance.next() % 14;
    // A little empty space lets gliders travel; small panels have none to spare.
    let patchy = width * height >= 1024 && chance.percent(50);
    let clearings = (chance.next(), chance.next());
    for y in 0..height {
        for x in 0..width {
            let (from_x, from_y) =
                if mirrored { (x.min(width - 1 - x), y.min(height - 1 - y)) } else { (x, y) };
            let patch = (from_x / 12 * 7 + from_y / 8 * 3) as u64 % 64;
            let clearing = patchy && (clearings.0 & clearings.1) >> patch & 1 == 1;
            let at = y * width + x;
            // Mirrored cells must meet the same chance whatever the order.
            let alive = if mirrored && (from_x, from_y) != (x, y) {
                grid.cells[from_y * width + from_x] == Cell::BORN
            } else {
                chance.percent(density) && !clearing
            };
            let old = grid.cells[at];
            grid.cells[at] = match (alive, old.is_alive()) {
                (true, _) => Cell::BORN,
                (false, true) => Cell::DIED,
                (false, false) => old,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_one_world_and_another_makes_another() {
        let world = |seed| {
            let mut grid = Grid::new(64, 32);
            sow(&mut grid, &mut Chance::new(seed));
            grid.fingerprint()
        };
        assert_eq!(world(1), world(1));
        assert_ne!(world(1), world(2));
    }

    #[test]
    fn every_world_has_cells_and_room() {
        let mut chance = Chance::new(5);
        let mut mirrored = 0;
        for _ in 0..100 {
            let mut grid = Grid::new(64, 32);
            sow(&mut grid, &mut chance);
            assert!((150..1000).contains(&grid.population()), "{}", grid.population());
            let same = |at: usize| grid.cells[at].is_alive() == grid.cells[64 * 32 - 1 - at].is_alive();
            mirrored += usize::from((0..64 * 32).all(same));
        }
        assert!((20..60).contains(&mirrored), "{mirrored}");
    }
}
