//! The trait that an author implements: the whole contract in one place.
//!
//! Invariant: nothing here names the ABI. Each method says on which thread it runs, how often, how long it may take.

use std::time::Duration;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::extension::Table;
use crate::{Event, Frame, Handled, Host, Next, PanelInfo, PluginError, Tick};

/// A plugin: something that draws on a panel.
///
/// | callback | thread | when | limit |
/// |---|---|---|---|
/// | [`new`](Self::new) | draw thread | once | 3 s |
/// | [`fetch`](Self::fetch) | fetch thread | at start, then as it asks | 30 s outside calls to [`Host`] |
/// | [`draw`](Self::draw) | draw thread | as [`Next`] asks, at most once a frame | 500 ms; one frame's time to be smooth |
/// | [`event`](Self::event) | draw thread | between frames | 500 ms |
/// | `drop` | draw thread | at the end | 500 ms |
///
/// The process around a plugin has no files, no network, no environment, and makes no new threads: what a plugin needs
/// comes through [`Host`].
pub trait Plugin: Sized + 'static {
    /// What the operator can set. Becomes a form on the web page by way of its JSON Schema, and arrives complete:
    /// what the operator did not set has the value of `Default`. Use [`NoSettings`] for none.
    type Settings: Serialize + DeserializeOwned + JsonSchema + Default + Send + Sync + 'static;

    /// What [`fetch`](Self::fetch) hands to [`draw`](Self::draw). Use `()` for a plugin that fetches nothing.
    type Data: Send + Sync + 'static;

    /// Makes the plugin, ready to draw. Do the work that need not be done for every frame here.
    ///
    /// # Errors
    /// When it cannot run with these settings or on this panel: the operator reads the sentence, and the plugin is
    /// tried again when the settings change.
    fn new(settings: &Self::Settings, panel: &PanelInfo) -> Result<Self, PluginError>;

    /// Gets what is to be shown: from the network, from the assets, by a long computation. Runs beside drawing and
    /// never holds it up. `last` is what the call before brought.
    ///
    /// # Errors
    /// The operator reads the sentence; the data there is stays; the host calls again after a pause that grows from
    /// 5 s to 5 min.
    fn fetch(
        settings: &Self::Settings,
        host: &Host<'_>,
        last: Option<&Self::Data>,
    ) -> Result<Fetched<Self::Data>, PluginError> {
        let _ = (settings, host, last);
        Ok(Fetched::never())
    }

    /// Draws a frame. The frame holds what was drawn last (black at first). `data` is what `fetch` brought last.
    ///
    /// # Errors
    /// The last good frame stays on screen, the operator reads the sentence, and the plugin is asked again after a
    /// second.
    fn draw(
        &mut self,
        frame: &mut Frame<'_>,
        data: Option<&Self::Data>,
        tick: &Tick,
    ) -> Result<Next, PluginError>;

    /// Takes an event. Answer [`Handled::No`] to what is unknown.
    ///
    /// # Errors
    /// The operator reads the sentence.
    fn event(&mut self, event: &Event<'_, Self::Settings>) -> Result<Handled, PluginError> {
        let _ = event;
        Ok(Handled::No)
    }

    /// An extension of the contract that this plugin offers to the host, by id. Most plugins have none.
    #[must_use]
    fn extension(id: &str) -> Option<Table> {
        let _ = id;
        None
    }
}

/// Settings of a plugin that has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "crate::schemars")]
pub struct NoSettings {}

/// When to fetch again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// After this time; at least a second.
    After(Duration),
    /// Never: what there is, is for good (until the settings change).
    Never,
}

/// What a call of [`Plugin::fetch`] brought.
#[derive(Debug)]
pub struct Fetched<D> {
    /// New data, or none if what there is still holds.
    pub data: Option<D>,
    /// When to fetch again.
    pub again: Again,
}

impl<D> Fetched<D> {
    /// New data, and when to look again.
    pub fn new(data: D, again: Duration) -> Self {
        Self { data: Some(data), again: Again::After(again) }
    }

    /// New data that holds for good.
    pub fn once(data: D) -> Self {
        Self { data: Some(data), again: Again::Never }
    }

    /// Nothing new; look again after a time.
    #[must_use]
    pub fn unchanged(again: Duration) -> Self {
        Self { data: None, again: Again::After(again) }
    }

    /// Nothing, and never again: a plugin that does not fetch.
    #[must_use]
    pub fn never() -> Self {
        Self { data: None, again: Again::Never }
    }
}
