//! All instances: what is wanted goes in, actors come and go.
//!
//! Invariant: at most one actor for each name is told anything; one that is stopping is forgotten once it has.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use marquee_fetch::FetchService;
use marquee_model::InstanceName;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::actor::{Actor, Command, Context};
use crate::config::{RuntimeConfig, Wanted};
use crate::observed::Observed;
use crate::screen::Screen;
use crate::spawner::Spawner;

/// Why the runtime cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    /// The thread that starts runners.
    #[error("the thread that starts plugins cannot be made: close other programs")]
    Thread(#[source] io::Error),
}

/// Why an event did not reach a plugin.
type EventError = String;

struct Handled {
    commands: UnboundedSender<Command>,
    observed: Observed,
    task: JoinHandle<()>,
}

/// Runs what is wanted.
pub struct Supervisor {
    context: Arc<Context>,
    actors: Mutex<HashMap<InstanceName, Handled>>,
    ending: Mutex<Vec<JoinHandle<()>>>,
    tokio: Handle,
}

impl std::fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supervisor").finish_non_exhaustive()
    }
}

impl Supervisor {
    /// A supervisor with nothing to run. Actors live on the runtime behind `tokio`.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn new(
        config: RuntimeConfig,
        fetch: Arc<FetchService>,
        screen: Arc<dyn Screen>,
        tokio: Handle,
    ) -> Result<Self, SupervisorError> {
        let spawner = Spawner::start().map_err(SupervisorError::Thread)?;
        let context = Context {
            config,
            fetch,
            screen,
            spawner,
            keys: AtomicU64::new(1),
            boxed: watch::Sender::new(None),
        };
        Ok(Self { context: Arc::new(context), actors: Mutex::default(), ending: Mutex::default(), tokio })
    }

    /// Makes exactly these run: starts, replaces, hands over settings, stops. Returns at once; call it as often as
    /// anything may have changed.
    pub fn set_wanted(&self, wanted: Vec<Wanted>) {
        let mut actors = self.actors.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *actors);
        for one in wanted {
            let name = one.name.clone();
            match before.remove(&name) {
                Some(handled) if handled.commands.send(Command::Want(Box::new(one.clone()))).is_ok() => {
                    actors.insert(name, handled);
                }
                _ => {
                    actors.insert(name, self.start(one));
                }
            }
        }
        let mut ending = self.ending.lock().unwrap_or_else(PoisonError::into_inner);
        ending.retain(|task| !task.is_finished());
        for handled in before.into_values() {
            let _ = handled.commands.send(Command::Stop);
            ending.push(handled.task);
        }
    }

    fn start(&self, wanted: Wanted) -> Handled {
        let (commands, receiver) = unbounded_channel();
        let observed = Observed::new();
        let actor = Actor::new(Arc::clone(&self.context), wanted, observed.clone(), receiver);
        Handled { commands, observed, task: self.tokio.spawn(actor.run()) }
    }

    /// What is known of an instance that shall run.
    #[must_use]
    pub fn observed(&self, name: &InstanceName) -> Option<Observed> {
        let actors = self.actors.lock().unwrap_or_else(PoisonError::into_inner);
        actors.get(name).map(|handled| handled.observed.clone())
    }

    /// Starts an instance again now and closes its breaker; false if it is not to run.
    pub fn restart(&self, name: &InstanceName) -> bool {
        let actors = self.actors.lock().unwrap_or_else(PoisonError::into_inner);
        actors.get(name).is_some_and(|handled| handled.commands.send(Command::Restart).is_ok())
    }

    /// Hands an event to a plugin; answers whether it took it.
    ///
    /// # Errors
    /// It does not run, or failed over it: one sentence.
    pub async fn event(&self, name: &InstanceName, kind: &str, data: Value) -> Result<bool, EventError> {
        let (answer, answered) = oneshot::channel();
        let sent = {
            let actors = self.actors.lock().unwrap_or_else(PoisonError::into_inner);
            let command = Command::Event { kind: kind.to_owned(), data, answer };
            actors.get(name).is_some_and(|handled| handled.commands.send(command).is_ok())
        };
        let stopped = || format!("{name} is not running");
        if !sent {
            return Err(stopped());
        }
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// The box as it was around the last runner that told; none before the first.
    #[must_use]
    pub fn boxed(&self) -> Option<marquee_sandbox::Report> {
        self.context.boxed.borrow().clone()
    }

    /// Stops everything; what is not gone after `patience` is ended the hard way. Takes at most that long, and a
    /// moment.
    pub async fn shut_down(&self, patience: Duration) {
        self.set_wanted(Vec::new());
        let tasks = std::mem::take(&mut *self.ending.lock().unwrap_or_else(PoisonError::into_inner));
        let aborts: Vec<_> = tasks.iter().map(JoinHandle::abort_handle).collect();
        let all = async {
            for task in tasks {
                let _ = task.await;
            }
        };
        if tokio::time::timeout(patience, all).await.is_err() {
            // Dropping an attendant kills its process.
            aborts.iter().for_each(tokio::task::AbortHandle::abort);
        }
    }
}
