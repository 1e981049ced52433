//! Conway's game of life: generations that melt into each other at the panel's frame rate, coloured by age.
//!
//! The way of a frame: time moves the [`grid`] on by whole generations; [`palette`] gives each cell a colour before
//! and after; the frame is a mixture of the two. When [`settled`] sees nothing new, [`seed`] begins another world.
//!
//! Invariant: a frame depends on the seed and on the time that has passed on screen, not on the number of frames.

mod grid;
mod palette;
mod seed;
mod settings;
mod settled;
#[cfg(test)]
mod tests;

use std::time::Duration;

use marquee_plugin_api::prelude::*;

use grid::Grid;
pub use palette::Palette;
use seed::Chance;
pub use settings::Settings;
use settled::Watch;

/// How long a world that has settled is still shown.
const LINGER: Duration = Duration::from_secs(3);

/// A longer time between two frames was not spent watching: the game waits.
const LONGEST_FRAME: Duration = Duration::from_millis(250);

/// The plugin.
#[derive(Debug)]
pub struct Life {
    settings: Settings,
    panel: PanelInfo,
    table: [[u8; 3]; 128],
    grid: Grid,
    watch: Watch,
    chance: Option<Chance>,
    /// Time since the last generation, in nanoseconds.
    phase: u64,
    /// Generations until the next world begins, once this one has settled.
    farewell: Option<u32>,
    /// Each cell's colour before and after the last generation.
    before: Vec<[u8; 3]>,
    after: Vec<[u8; 3]>,
}

impl Plugin for Life {
    type Settings = Settings;
    type Data = ();

    fn new(settings: &Settings, panel: &PanelInfo) -> Result<Self, PluginError> {
        settings.check()?;
        let cell = cell_side(settings, panel);
        let grid = Grid::new(panel.width.div_ceil(cell) as usize, panel.height.div_ceil(cell) as usize);
        let cells = grid.cells.len();
        Ok(Self {
            settings: settings.clone(),
            panel: panel.clone(),
            table: settings.palette.table(settings.glow),
            grid,
            watch: Watch::new(),
            chance: (settings.seed != 0).then(|| Chance::new(u64::from(settings.seed))),
            phase: 0,
            farewell: None,
            before: vec![[0; 3]; cells],
            after: vec![[0; 3]; cells],
        })
    }

    fn draw(&mut self, frame: &mut Frame<'_>, _: Option<&()>, tick: &Tick) -> Result<Next, PluginError> {
        if (frame.width(), frame.height()) != (self.panel.width, self.panel.height) {
            return Err(PluginError::new("the frame is not as large as the panel that was announced"));
        }
        if self.grid.population() == 0 && self.watch.is_new() {
            self.sow(tick);
            self.before.clone_from(&self.after);
        }
        let generation = 1_000_000_000 / u64::from(self.settings.generations_per_second);
        self.phase += tick.delta.min(LONGEST_FRAME).as_nanos() as u64;
        while self.phase >= generation {
            self.phase -= generation;
            self.generation(tick);
        }
        self.paint(frame, eased(self.phase as f32 / generation as f32));
        Ok(Next::frame())
    }

    fn event(&mut self, event: &Event<'_, Settings>) -> Result<Handled, PluginError> {
        match event {
            Event::Settings(settings) => {
                settings.check()?;
                if settings.cell != self.settings.cell || settings.seed != self.settings.seed {
                    *self = Self::new(settings, &self.panel)?;
                } else {
                    self.settings = (*settings).clone();
                    self.table = settings.palette.table(settings.glow);
                    self.phase = 0;
                    self.colour();
                }
                Ok(Handled::Yes)
            }
            Event::Message { kind: "reseed", .. } => {
                self.farewell = Some(0);
                Ok(Handled::Yes)
            }
            _ => Ok(Handled::No),
        }
    }
}

impl Life {
    fn generation(&mut self, tick: &Tick) {
        if self.farewell == Some(0) {
            self.sow(tick);
            return;
        }
        self.grid.step();
        self.colour();
        if let Some(left) = &mut self.farewell {
            *left -= 1;
        } else if self.watch.settled(self.grid.fingerprint(), self.grid.population()) {
            let linger = LINGER.as_secs() as u32 * self.settings.generations_per_second;
            self.farewell = Some(if self.grid.population() == 0 { 1 } else { linger });
        }
    }

    /// Begins a new world in the place of the old one.
    fn sow(&mut self, tick: &Tick) {
        let chance = self.chance.get_or_insert_with(|| Chance::new(tick.unix_ns as u64));
        seed::sow(&mut self.grid, chance);
        self.watch = Watch::new();
        self.farewell = None;
        self.colour();
    }

    /// What was the colour after is now the colour before.
    fn colour(&mut self) {
        std::mem::swap(&mut self.before, &mut self.after);
        for (colour, cell) in self.after.iter_mut().zip(&self.grid.cells) {
            *colour = self.table[cell.index()];
        }
    }

    /// Paints so much of the colours after, 0 to 256.
    fn paint(&self, frame: &mut Frame<'_>, share: u32) {
        let cell = cell_side(&self.settings, &self.panel) as usize;
        let row_bytes = frame.width() as usize * 3;
        let blend = |before: u8, after: u8| {
            ((u32::from(before) * (256 - share) + u32::from(after) * share + 128) >> 8) as u8
        };
        let rows = self.before.chunks_exact(self.grid.width).zip(self.after.chunks_exact(self.grid.width));
        for (band, (before, after)) in frame.rgb_mut().chunks_mut(row_bytes * cell).zip(rows) {
            let (first, rest) = band.split_at_mut(row_bytes);
            for (pixels, (before, after)) in first.chunks_mut(3 * cell).zip(before.iter().zip(after)) {
                let mixed = if before == after {
                    *after
                } else {
                    [blend(before[0], after[0]), blend(before[1], after[1]), blend(before[2], after[2])]
                };
                for pixel in pixels.chunks_exact_mut(3) {
                    pixel.copy_from_slice(&mixed);
                }
            }
            for row in rest.chunks_exact_mut(row_bytes) {
                row.copy_from_slice(first);
            }
        }
    }
}

/// LEDs along the side of a cell.
fn cell_side(settings: &Settings, panel: &PanelInfo) -> u32 {
    if settings.cell > 0 {
        return settings.cell.min(16);
    }
    // About as many cells on every panel as one can follow.
    match panel.width.max(1) * panel.height.max(1) {
        ..8192 => 1,
        8192..32768 => 2,
        32768..131_072 => 4,
        _ => 8,
    }
}

/// From the share of a generation's time that has passed to the share of its colours: slow, quick, slow. 0 to 256.
fn eased(time: f32) -> u32 {
    let time = time.clamp(0.0, 1.0);
    (time * time * (3.0 - 2.0 * time) * 256.0) as u32
}

export_plugin!(Life, name: "Game of life", min_size: (16, 8));
