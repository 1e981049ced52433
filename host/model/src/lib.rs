//! Plain data that the parts of the host agree on: names, sizes, pictures, and the views that operators see.
//!
//! Invariant: nothing here does I/O, waits, or knows of processes, HTTP or SQL. A value of one of these types that
//! exists is valid: the checks are in the constructors, and `serde` goes through them.

mod names;
mod picture;
mod sentence;
mod size;
mod views;

pub use names::{InstanceName, NameError, PluginId};
pub use picture::Picture;
pub use sentence::sentence;
pub use size::{PanelSize, SizeError};
pub use views::{
    BoxLayer, LayerState, ObservedState, ObservedView, PackageView, PackagesView, PluginView, PluginsView,
    RefusedView, ShownView, SinkView, Status, StatusView, StoreView,
};
