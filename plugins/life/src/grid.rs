//! The game itself: cells on a torus, one generation after the other.
//!
//! Invariant: `cells.len() == width * height`, no side is 0. A cell holds how many generations it has lived, or, when
//! it is dead, how many it has been dead; both stop counting at [`OLDEST`].

/// A cell's age stops here.
pub(crate) const OLDEST: u8 = 63;

/// The bit that tells a living cell from a dead one.
const ALIVE: u8 = 64;

/// A cell: alive or dead, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell(u8);

impl Cell {
    /// A cell that has never lived, as far as anybody remembers.
    pub(crate) const EMPTY: Self = Self(OLDEST);
    /// A cell that died just now.
    pub(crate) const DIED: Self = Self(0);
    /// A cell that was born just now.
    pub(crate) const BORN: Self = Self(ALIVE);

    pub(crate) fn is_alive(self) -> bool {
        self.0 & ALIVE != 0
    }

    /// Generations in its present state, 0 to [`OLDEST`].
    #[cfg(test)]
    pub(crate) fn age(self) -> u8 {
        self.0 & OLDEST
    }

    /// A number from 0 to 127 for each state, to look colours up by.
    pub(crate) fn index(self) -> usize {
        usize::from(self.0 & 127)
    }

    fn becomes(self, alive: bool) -> Self {
        match (self.is_alive(), alive) {
            (true, true) | (false, false) if self.0 & OLDEST == OLDEST => self,
            (true, true) | (false, false) => Self(self.0 + 1),
            (true, false) => Self(0),
            (false, true) => Self::BORN,
        }
    }
}

/// The cells.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) cells: Vec<Cell>,
    /// Living cells in each column of three rows, while a row is worked out.
    sums: Vec<u8>,
    /// The rows before they changed: the first one, and the one above.
    first: Vec<Cell>,
    above: Vec<Cell>,
    row: Vec<Cell>,
}

impl Grid {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        let row = vec![Cell::EMPTY; width];
        Self {
            width,
            height,
            cells: vec![Cell::EMPTY; width * height],
            sums: vec![0; width],
            first: row.clone(),
            above: row.clone(),
            row,
        }
    }

    #[cfg(test)]
    pub(crate) fn set(&mut self, x: usize, y: usize, cell: Cell) {
        let at = (y % self.height) * self.width + x % self.width;
        self.cells[at] = cell;
    }

    /// One generation: a cell with three living neighbours is alive in the next, one with two stays as it is.
    pub(crate) fn step(&mut self) {
        let (width, height) = (self.width, self.height);
        self.first.copy_from_slice(&self.cells[..width]);
        self.above.copy_from_slice(&self.cells[(height - 1) * width..]);
        for y in 0..height {
            self.row.copy_from_slice(&self.cells[y * width..][..width]);
            let below = if y + 1 < height { &self.cells[(y + 1) * width..][..width] } else { &self.first };
            let columns = self.above.iter().zip(&self.row).zip(below);
            for (sum, ((above, here), below)) in self.sums.iter_mut().zip(columns) {
                *sum = u8::from(above.is_alive()) + u8::from(here.is_alive()) + u8::from(below.is_alive());
            }
            let cells = &mut self.cells[y * width..][..width];
            let mut left = self.sums[width - 1];
            for (x, cell) in cells.iter_mut().enumerate() {
                let here = self.sums[x];
                let right = self.sums[if x + 1 < width { x + 1 } else { 0 }];
                // The cell itself is among the nine.
                let nine = left + here + right;
                *cell = cell.becomes(nine == 3 || (nine == 4 && cell.is_alive()));
                left = here;
            }
            std::mem::swap(&mut self.above, &mut self.row);
        }
    }

    pub(crate) fn population(&self) -> usize {
        self.cells.iter().filter(|cell| cell.is_alive()).count()
    }

    /// A number that two grids with the same living cells share, and others hardly ever (FNV-1a over words of cells).
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for cells in self.cells.chunks(64) {
            let word = cells.iter().fold(0_u64, |word, cell| (word << 1) | u64::from(cell.is_alive()));
            hash = (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3);
            hash ^= hash >> 29;
        }
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(rows: &[&str]) -> Grid {
        let mut grid = Grid::new(rows[0].len(), rows.len());
        for (y, row) in rows.iter().enumerate() {
            for (x, letter) in row.bytes().enumerate() {
                if letter == b'#' {
                    grid.set(x, y, Cell::BORN);
                }
            }
        }
        grid
    }

    fn living(grid: &Grid) -> Vec<bool> {
        grid.cells.iter().map(|cell| cell.is_alive()).collect()
    }

    #[test]
    fn a_blinker_blinks_and_a_block_stays() {
        let mut blinker = grid(&[".....", "..#..", "..#..", "..#..", "....."]);
        let upright = living(&blinker);
        blinker.step();
        assert_eq!(living(&blinker), living(&grid(&[".....", ".....", ".###.", ".....", "....."])));
        assert_eq!(blinker.cells[12].age(), 1, "the middle lives on");
        blinker.step();
        assert_eq!(living(&blinker), upright);
        let mut block = grid(&["....", ".##.", ".##.", "...."]);
        let before = block.fingerprint();
        block.step();
        assert_eq!(block.fingerprint(), before);
    }

    /// The fast way over column sums must do what the rules say, at the seams of the torus too.
    #[test]
    fn a_step_is_what_the_rules_say() {
        for (width, height) in [(3, 3), (5, 4), (16, 9), (64, 32)] {
            let mut grid = Grid::new(width, height);
            let mut seed = 7_u64;
            for cell in &mut grid.cells {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *cell = if seed >> 62 == 0 { Cell::BORN } else { Cell::EMPTY };
            }
            for _ in 0..20 {
                let wanted: Vec<bool> = (0..width * height)
                    .map(|at| {
                        let (x, y) = (at % width, at / width);
                        let neighbours = [(0, 0), (1, 0), (2, 0), (0, 1), (2, 1), (0, 2), (1, 2), (2, 2)]
                            .iter()
                            .filter(|(dx, dy)| {
                                let (x, y) = ((x + width - 1 + dx) % width, (y + height - 1 + dy) % height);
                                grid.cells[y * width + x].is_alive()
                            })
                            .count();
                        neighbours == 3 || (neighbours == 2 && grid.cells[at].is_alive())
                    })
                    .collect();
                grid.step();
                assert_eq!(living(&grid), wanted, "{width}x{height}");
            }
        }
    }

    #[test]
    fn ages_stop_counting() {
        let mut block = grid(&["....", ".##.", ".##.", "...."]);
        for _ in 0..300 {
            block.step();
        }
        assert_eq!((block.cells[5].is_alive(), block.cells[5].age()), (true, OLDEST));
        assert_eq!((block.cells[0].is_alive(), block.cells[0].age()), (false, OLDEST));
    }

    #[test]
    fn the_smallest_worlds_step_too() {
        for (width, height) in [(1, 1), (1, 5), (2, 2), (8, 1)] {
            let mut grid = Grid::new(width, height);
            grid.set(0, 0, Cell::BORN);
            for _ in 0..5 {
                grid.step();
            }
        }
    }
}
