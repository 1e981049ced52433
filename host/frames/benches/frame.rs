//! What a frame costs, as ratios to a plain copy of the same bytes in the same run.
//!
//! Invariant: each figure is the median of many batches, so one interruption does not move it.

use std::hint::black_box;
use std::time::Instant;

use marquee_frames::{FrameInfo, Reader, Tick, Writer};

const SIZE: (u16, u16) = (128, 64);
const BATCHES: usize = 201;
const PER_BATCH: u32 = 200;

/// Median nanoseconds of one call.
fn median_ns(mut work: impl FnMut()) -> f64 {
    let mut batches: Vec<f64> = (0..BATCHES)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..PER_BATCH {
                work();
            }
            start.elapsed().as_nanos() as f64 / f64::from(PER_BATCH)
        })
        .collect();
    batches.sort_by(f64::total_cmp);
    batches[BATCHES / 2]
}

fn print(what: &str, ns: f64, baseline: f64) {
    println!("{what:<52} {ns:>9.0} ns   {:>6.2} x plain copy", ns / baseline);
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut reader = Reader::create(SIZE.0, SIZE.1)?;
    let [memory, tick, frame] = reader.handover().map(|fd| fd.try_clone_to_owned());
    let mut writer = Writer::open(memory?, tick?, frame?)?;
    let mut copy = vec![0; reader.frame_bytes()];
    let plain = vec![7; reader.frame_bytes()];
    println!("{}x{}, {} bytes a frame", SIZE.0, SIZE.1, plain.len());

    let baseline = median_ns(|| black_box(&mut copy).copy_from_slice(black_box(&plain)));
    print("plain copy of one frame", baseline, baseline);

    let copied =
        median_ns(|| reader.copy_pixels(black_box(&mut copy)).unwrap_or_else(|error| panic!("{error}")));
    print("reader copies the pixels", copied, baseline);

    let begun = FrameInfo { size: SIZE, ..FrameInfo::default() };
    let mut failed = None;
    let published = median_ns(|| {
        if let Err(error) = writer.publish(begun) {
            failed = Some(error);
        }
        black_box(reader.take());
        reader.drain_frame_event();
    });
    print("publish (with carry-over), take and drain", published, baseline);

    let mut seq = 0;
    let whole = median_ns(|| {
        seq += 1;
        let sent = reader.tick(Tick { seq, ..Tick::default() });
        writer.drain_tick_event();
        black_box(writer.tick());
        black_box(writer.begin());
        let answered = writer.publish(FrameInfo { seq, ..begun });
        reader.drain_frame_event();
        black_box(reader.take());
        let copied = reader.copy_pixels(black_box(&mut copy));
        if let Some(error) = sent.err().or(answered.err()).or(copied.err()) {
            failed = Some(error);
        }
    });
    print("tick, answer, take and copy, both sides, one thread", whole, baseline);
    failed.map_or(Ok(()), |error| Err(error.into()))
}
