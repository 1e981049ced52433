//! The commands and their flags. The first line of each comment is the short help, all of it the long one.
//!
//! Invariant: names and meanings are those that scripts rely on; a flag that is read here is checked here.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use marquee_model::{InstanceName, PanelSize};
use marquee_sinks::SinkSpec;

use super::values::{At, Setting, parse_listen, parse_seconds, parse_store_flag};
use crate::config::{LogFormat, Overrides, Store, parse_fps};

/// What `--version` prints after the name.
pub static VERSION: LazyLock<String> = LazyLock::new(|| {
    format!("{} (plugin contract {})", env!("CARGO_PKG_VERSION"), marquee_plugin_api::API_VERSION)
});

/// Shows compiled plugins on an LED panel, or in a browser, a terminal or a file
#[derive(Debug, Parser)]
#[command(name = "marquee", version = VERSION.as_str(), arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the host: find plugins, show them, serve the page
    Run(RunFlags),
    /// Show what the running host does right now
    Status(Query),
    /// Say what this machine can and cannot do and enforce, and how to mend it
    Doctor(Query),
    /// The plugins of the running host
    #[command(subcommand, arg_required_else_help = true)]
    Plugins(PluginsCommand),
    /// For authors of plugins
    #[command(subcommand, arg_required_else_help = true)]
    Plugin(PluginCommand),
}

/// `marquee plugins`.
#[derive(Debug, Subcommand)]
pub enum PluginsCommand {
    /// List all instances, and the files that were refused with the reason
    List(Query),
    /// Show one instance in detail
    Show {
        /// Name of the instance
        name: InstanceName,
        /// Where to ask.
        #[command(flatten)]
        query: Query,
    },
}

/// `marquee plugin`.
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// Draw with a plugin into a GIF or PNG file, without a running host
    Render(RenderFlags),
    /// Print the settings of a plugin: JSON Schema and defaults
    Schema(SchemaFlags),
}

/// Flags of the commands that ask the running host.
#[derive(Debug, Clone, Args)]
pub struct Query {
    /// Configuration file [default: $MARQUEE_CONFIG, else the system's, else yours]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder where the host keeps its state
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Print JSON, as the HTTP API answers it
    #[arg(long)]
    pub json: bool,
}

/// `marquee run`.
#[derive(Debug, Args)]
pub struct RunFlags {
    /// Configuration file [default: $MARQUEE_CONFIG, else /etc/marquee/marquee.toml, else yours]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder to keep the state in; made if it is missing
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Folder to look for plugins in; made if it is missing [default: plugins in the state folder]
    #[arg(long, value_name = "DIR")]
    pub plugins_dir: Option<PathBuf>,
    /// Address of the page and the API [default: 127.0.0.1:8750]
    #[arg(long, value_name = "ADDR", value_parser = parse_listen)]
    pub listen: Option<SocketAddr>,
    /// Size of the panel in pixels [default: 64x32]
    #[arg(long, value_name = "WxH")]
    pub size: Option<PanelSize>,
    /// Frames a second, 1 to 120 [default: 60]
    #[arg(long, value_name = "N", value_parser = parse_fps)]
    pub fps: Option<u16>,
    /// Where the picture goes [default: web]; may be given several times
    ///
    /// web: the browser page. terminal: this terminal. hub75: the LED panel on a Raspberry Pi.
    /// record:FILE.gif: an animation. record:DIR: a folder of PNG files. none: nowhere.
    #[arg(long = "panel", value_name = "SPEC")]
    pub sinks: Vec<SinkSpec>,
    /// Where to keep what was asked for; memory: is all there is yet [default: memory:]
    #[arg(long, value_name = "URL", value_parser = parse_store_flag)]
    pub store: Option<Store>,
    /// On a first start, add and enable these plugins, or all, instead of the default one
    #[arg(long, value_name = "NAME|all", num_args = 1.., value_delimiter = ',')]
    pub enable: Vec<String>,
    /// Log for people or for programs [default: pretty]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,
}

impl RunFlags {
    /// The flags that override the configuration.
    #[must_use]
    pub fn overrides(&self) -> Overrides {
        Overrides {
            state_dir: self.state_dir.clone(),
            plugins_dir: self.plugins_dir.clone(),
            listen: self.listen,
            size: self.size,
            fps: self.fps,
            sinks: self.sinks.clone(),
            store: self.store,
            log_format: self.log_format,
        }
    }
}

impl Query {
    /// The flags that override the configuration.
    #[must_use]
    pub fn overrides(&self) -> Overrides {
        Overrides { state_dir: self.state_dir.clone(), ..Overrides::default() }
    }
}

/// `marquee plugin schema`.
#[derive(Debug, Args)]
pub struct SchemaFlags {
    /// The plugin: a .so file
    #[arg(value_name = "FILE.so")]
    pub file: PathBuf,
    /// Configuration file, for the runner and its box
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print JSON; it always does
    #[arg(long)]
    pub json: bool,
}

/// `marquee plugin render`.
#[derive(Debug, Args)]
pub struct RenderFlags {
    /// The plugin: a .so file
    #[arg(value_name = "FILE.so")]
    pub file: PathBuf,
    /// The file to write: .gif for an animation, .png for one frame
    #[arg(short, long, value_name = "OUT")]
    pub out: PathBuf,
    /// Size of the picture in pixels [default: that of the panel]
    #[arg(long, value_name = "WxH")]
    pub size: Option<PanelSize>,
    /// Length of a .gif, or moment of a .png, in seconds of the plugin's time, up to 600
    #[arg(long, value_name = "N", default_value = "5", value_parser = parse_seconds, allow_negative_numbers = true)]
    pub seconds: Duration,
    /// A setting of the plugin; may be given several times
    ///
    /// VALUE is read as JSON if it is JSON, else as text. A dot in KEY goes into a nested setting: font.size=8
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub settings: Vec<Setting>,
    /// The time that the plugin is told it is: 10:08, 2026-01-31T10:08, or with a zone: 2026-01-31T10:08:00Z
    #[arg(long, value_name = "TIME")]
    pub at: Option<At>,
    /// Configuration file, for the time zone, the runner and approved hosts
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Say what was written as JSON
    #[arg(long)]
    pub json: bool,
}
