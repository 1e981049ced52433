//! The fetch thread.
//!
//! Invariant: fetches run one after another, each ordered by the host, which holds the clock.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use marquee_frames::WriterThread;
use marquee_plugin_api::abi::Fetcher;

use crate::calls::Calls;
use crate::draw::fault_from;
use crate::fault::{InCallback, name_thread};
use crate::protocol::{Fetched, FromRunner, callback};

/// An order to the fetch thread.
pub(crate) enum Order {
    /// Here is the plugin's half.
    Take(Fetcher),
    /// Fetch once.
    Fetch(u64),
}

/// Works off orders until the process ends.
pub(crate) fn work(orders: &Receiver<Order>, calls: &Arc<Calls>) {
    name_thread(WriterThread::Fetch);
    let mut fetcher = None;
    while let Ok(order) = orders.recv() {
        match order {
            Order::Take(half) => fetcher = Some(half),
            Order::Fetch(seq) => {
                if let Some(fetcher) = &fetcher {
                    let result = call(fetcher);
                    calls.tell(&FromRunner::Fetched { seq, result });
                }
            }
        }
    }
}

#[expect(unsafe_code, reason = "calls the plugin")]
fn call(fetcher: &Fetcher) -> Result<Fetched, crate::protocol::Fault> {
    let _in_callback = InCallback::enter(callback::FETCH);
    // SAFETY: the half is alive (it is never ended before the process), and this is its only thread.
    let result = unsafe { (fetcher.fetch)(fetcher.state) }.into_result();
    let fetched = result.map_err(fault_from)?;
    Ok(Fetched { new_data: fetched.new_data, again_ns: fetched.again.then_some(fetched.again_ns) })
}
