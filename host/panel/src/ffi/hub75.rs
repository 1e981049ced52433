//! The panel behind the driver library `rpi-rgb-led-matrix`, through the bindings of `rpi-led-matrix`.
//!
//! Traps that this file walks around: the driver takes zero for "not set"; it keeps the pointers to option texts; its
//! own way to drop privileges becomes the user `daemon`; a new brightness holds only for pixels set after it.
//!
//! Invariant: the matrix and its two canvases live as long as [`Hub75`] and are used by one thread. Each canvas has a
//! copy of what was drawn on it, so that only pixels that differ are set again.

use std::ffi::{CString, c_char, c_int};
use std::ptr::{self, NonNull};
use std::time::Instant;

use marquee_panel_link::Hub75Options;
use rpi_led_matrix_sys as driver;

use crate::Panel;

/// Refreshes that the rate is measured over.
const MEASURED: u32 = 24;

#[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
unsafe extern "C" {
    /// In the driver library but not in its bindings: `led-matrix-c.h`.
    fn led_matrix_set_brightness(matrix: *mut driver::CLedMatrix, percent: u8);
}

/// Where there is no driver library there is no matrix to call this with either.
#[cfg(not(any(target_arch = "aarch64", target_arch = "arm")))]
unsafe fn led_matrix_set_brightness(_matrix: *mut driver::CLedMatrix, _percent: u8) {}

/// Why the driver gave no panel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// An option text has a zero byte in it.
    #[error("{0} in [panel.hub75] contains a zero byte: remove it")]
    ZeroByte(&'static str),
    /// The driver refused; it has printed why.
    #[error("the panel driver could not open the panel: see the lines above, and run marquee-panel --check")]
    Driver,
    /// The driver made a canvas of a size that frames cannot have.
    #[error(
        "the panel driver reports {0}x{1} pixels: correct rows, cols, chain_length and parallel in [panel.hub75]"
    )]
    Size(c_int, c_int),
}

/// One of the two canvases, and what is on it.
struct Canvas {
    handle: NonNull<driver::CLedCanvas>,
    /// Its pixels; meaningless while `drawn_at` is another brightness.
    rgb: Vec<u8>,
    /// The brightness that its pixels were set with; nothing was drawn yet: none.
    drawn_at: Option<u8>,
}

/// The real panel. Dropping it switches the LEDs off.
pub struct Hub75 {
    matrix: NonNull<driver::CLedMatrix>,
    /// Drawn on next.
    back: Canvas,
    /// On the panel.
    front: Canvas,
    size: (u16, u16),
    brightness: u8,
    refresh_hz: f64,
    description: String,
    /// The driver keeps pointers into these.
    _texts: Texts,
}

/// Option texts as the driver wants them; an empty one is no text.
struct Texts([Option<CString>; 4]);

impl Texts {
    fn new(options: &Hub75Options) -> Result<Self, OpenError> {
        let text = |name, text: &str| match text {
            "" => Ok(None),
            text => CString::new(text).map(Some).map_err(|_| OpenError::ZeroByte(name)),
        };
        Ok(Self([
            text("hardware_mapping", &options.hardware_mapping)?,
            text("led_rgb_sequence", &options.led_rgb_sequence)?,
            text("pixel_mapper_config", &options.pixel_mapper_config)?,
            text("panel_type", &options.panel_type)?,
        ]))
    }

    /// The driver's type says `*mut`, its header `const`: it only reads.
    fn pointers(&self) -> [*mut c_char; 4] {
        self.0.each_ref().map(|text| text.as_ref().map_or(ptr::null_mut(), |text| text.as_ptr().cast_mut()))
    }
}

impl Hub75 {
    /// Opens the panel. Needs root, a checked machine and checked options: on anything else the driver may end the
    /// process. Starts the driver's refresh thread, so signals should be blocked before.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(options: &Hub75Options) -> Result<Self, OpenError> {
        let texts = Texts::new(options)?;
        let [hardware_mapping, led_rgb_sequence, pixel_mapper_config, panel_type] = texts.pointers();
        let number = |n: u32| c_int::try_from(n).unwrap_or(c_int::MAX);
        let mut matrix_options = driver::CLedMatrixOptions {
            hardware_mapping,
            rows: number(options.rows),
            cols: number(options.cols),
            chain_length: number(options.chain_length),
            parallel: number(options.parallel),
            pwm_bits: number(options.pwm_bits),
            pwm_lsb_nanoseconds: number(options.pwm_lsb_nanoseconds),
            pwm_dither_bits: number(options.pwm_dither_bits),
            brightness: number(options.brightness),
            scan_mode: number(options.scan_mode),
            row_address_type: number(options.row_address_type),
            multiplexing: number(options.multiplexing),
            led_rgb_sequence,
            pixel_mapper_config,
            panel_type,
            disable_hardware_pulsing: c_char::from(options.disable_hardware_pulsing),
            show_refresh_rate: c_char::from(options.show_refresh_rate),
            inverse_colors: c_char::from(options.inverse_colors),
            limit_refresh_rate_hz: number(options.limit_refresh_rate_hz),
        };
        let mut runtime_options = driver::CLedRuntimeOptions {
            gpio_slowdown: number(options.gpio_slowdown),
            // Not -1 here: that would also leave the refresh thread to be started by a call the bindings do not have.
            daemon: 0,
            // -1: stay root, `become_user` drops. 0 would count as "not set", which drops to the user `daemon`.
            drop_privileges: -1,
            do_gpio_init: true,
        };
        // SAFETY: Both structs are alive, as C lays them out, and the texts live as long as the matrix (`_texts`).
        let matrix = unsafe {
            driver::led_matrix_create_from_options_and_rt_options(
                &raw mut matrix_options,
                &raw mut runtime_options,
            )
        };
        let matrix = NonNull::new(matrix).ok_or(OpenError::Driver)?;
        Self::with_canvases(matrix, texts, options)
    }

    fn with_canvases(
        matrix: NonNull<driver::CLedMatrix>,
        texts: Texts,
        options: &Hub75Options,
    ) -> Result<Self, OpenError> {
        // SAFETY: The matrix is alive. This canvas belongs to it and is deleted with it.
        let back = unsafe { driver::led_matrix_create_offscreen_canvas(matrix.as_ptr()) };
        // SAFETY: The matrix is alive. Without a canvas to swap in this waits for a refresh and answers the one on
        // the panel.
        let front = unsafe { driver::led_matrix_get_canvas(matrix.as_ptr()) };
        let (mut width, mut height) = (0, 0);
        // SAFETY: A null canvas is left alone by the driver; both integers are alive.
        unsafe { driver::led_canvas_get_size(back, &raw mut width, &raw mut height) };
        let side = |side: c_int| u16::try_from(side).ok().filter(|side| (1..=1024).contains(side));
        let (Some(back), Some(front), Some(across), Some(down)) =
            (NonNull::new(back), NonNull::new(front), side(width), side(height))
        else {
            // SAFETY: The matrix is alive and not used afterwards.
            unsafe { driver::led_matrix_delete(matrix.as_ptr()) };
            return Err(OpenError::Size(width, height));
        };
        let canvas = |handle| Canvas {
            handle,
            rgb: vec![0; usize::from(across) * usize::from(down) * 3],
            drawn_at: None,
        };
        let mut panel = Self {
            matrix,
            back: canvas(back),
            front: canvas(front),
            size: (across, down),
            brightness: u8::try_from(options.brightness.min(100)).unwrap_or(100),
            refresh_hz: 0.0,
            description: format!(
                "HUB75 {across}x{down}: {} in a chain of {}x{}, {} side by side, {}",
                options.chain_length, options.cols, options.rows, options.parallel, options.hardware_mapping
            ),
            _texts: texts,
        };
        panel.refresh_hz = panel.measure();
        Ok(panel)
    }

    fn measure(&mut self) -> f64 {
        self.wait();
        let start = Instant::now();
        for _ in 0..MEASURED {
            self.wait();
        }
        let seconds = start.elapsed().as_secs_f64();
        if seconds > 0.0 { (f64::from(MEASURED) / seconds).min(10_000.0) } else { 0.0 }
    }

    /// Sets the pixels of the back canvas that differ.
    fn draw(&mut self, rgb: &[u8]) {
        let all = self.back.drawn_at != Some(self.brightness);
        let dark = self.brightness == 0;
        let width = usize::from(self.size.0);
        let handle = self.back.handle.as_ptr();
        for (index, (old, new)) in
            self.back.rgb.as_chunks_mut().0.iter_mut().zip(rgb.as_chunks().0).enumerate()
        {
            if !all && old == new {
                continue;
            }
            let old: &mut [u8; 3] = old;
            *old = *new;
            let [r, g, b] = if dark { [0; 3] } else { *new };
            let place = |n: usize| c_int::try_from(n).unwrap_or(c_int::MAX);
            // SAFETY: The canvas lives as long as the matrix; the driver ignores places outside of it.
            unsafe {
                driver::led_canvas_set_pixel(handle, place(index % width), place(index / width), r, g, b)
            };
        }
        self.back.drawn_at = Some(self.brightness);
    }
}

impl Panel for Hub75 {
    fn size(&self) -> (u16, u16) {
        self.size
    }

    fn refresh_hz(&self) -> f64 {
        self.refresh_hz
    }

    fn description(&self) -> String {
        self.description.clone()
    }

    fn show(&mut self, rgb: &[u8]) {
        if rgb.len() != self.back.rgb.len() {
            return;
        }
        self.draw(rgb);
        // SAFETY: Matrix and canvas are alive and belong together. The answer is the canvas that was on the panel.
        let before =
            unsafe { driver::led_matrix_swap_on_vsync(self.matrix.as_ptr(), self.back.handle.as_ptr()) };
        std::mem::swap(&mut self.back, &mut self.front);
        if before != self.back.handle.as_ptr() {
            // The driver has a third canvas in turn, which it does not; draw everything rather than believe a copy.
            self.back.drawn_at = None;
            if let Some(handle) = NonNull::new(before) {
                self.back.handle = handle;
            }
        }
    }

    fn wait(&mut self) {
        // SAFETY: The matrix is alive. Swapping nothing in waits for the next refresh and changes nothing.
        let _front = unsafe { driver::led_matrix_get_canvas(self.matrix.as_ptr()) };
    }

    fn set_brightness(&mut self, percent: u8) {
        self.brightness = percent.min(100);
        if self.brightness > 0 {
            // SAFETY: The matrix is alive; 1 to 100 is what the driver takes. Zero is drawn as black instead.
            unsafe { led_matrix_set_brightness(self.matrix.as_ptr(), self.brightness) };
        }
    }
}

impl Drop for Hub75 {
    fn drop(&mut self) {
        // SAFETY: The matrix is alive and not used afterwards; the texts it points to are dropped after this.
        unsafe { driver::led_matrix_delete(self.matrix.as_ptr()) };
    }
}

#[cfg(all(test, not(any(target_arch = "aarch64", target_arch = "arm"))))]
mod tests {
    use super::*;

    #[test]
    fn without_the_driver_library_no_panel_opens() {
        assert_eq!(Hub75::open(&Hub75Options::default()).err(), Some(OpenError::Driver));
    }

    #[test]
    fn a_zero_byte_in_a_text_is_named() {
        let options = Hub75Options { panel_type: "FM\0".to_owned(), ..Hub75Options::default() };
        assert_eq!(Hub75::open(&options).err(), Some(OpenError::ZeroByte("panel_type")));
    }
}
