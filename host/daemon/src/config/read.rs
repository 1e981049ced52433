//! From tables to the [`Config`]: each key with its range and its default.
//!
//! Invariant: the defaults and ranges of the configuration stand here, or in the type that they belong to
//! (`Hub75Options`, the limits of fetches and of the box), and nowhere else.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;
use marquee_http::parse_address;
use marquee_model::{InstanceName, PanelSize, PluginId};
use marquee_panel_link::Hub75Options;
use marquee_sandbox::{Layer, Limits, Required};
use marquee_sinks::SinkSpec;
use marquee_stage::Transition;
use tracing_subscriber::EnvFilter;

use super::directories::Wishes;
use super::given::{entries, lay_over};
use super::section::Section;
use super::{
    Config, ConfigError, Directories, Display, Fetch, Host, Instance, Log, LogFormat, Overrides, Panel,
    Registry, Sandbox, Store, Surroundings, search,
};

/// A day, in seconds: the longest that one instance may stay on screen.
const DAY_S: f64 = 86_400.0;
const SIZES: &str = "WIDTHxHEIGHT with each side from 1 to 1024 pixels, such as 128x64";
const SINKS: &str = "a list of web, terminal, hub75, record:FILE.gif, record:FOLDER or none";
const LAYERS: &str =
    "a list of session, namespaces, private_root, no_new_privs, rlimits, landlock, seccomp or cgroup";

/// Finds and reads the configuration. `file` is `--config`; `overrides` are the other flags.
///
/// Changes nothing: folders are made by [`Directories::prepare`].
///
/// # Errors
/// The first thing that is wrong, in one sentence.
pub fn load(
    file: Option<&Path>,
    overrides: &Overrides,
    around: &Surroundings,
) -> Result<Config, ConfigError> {
    if let Some(name) = &around.not_text {
        return Err(ConfigError::VariableText(name.clone()));
    }
    let file = search::find(file, around);
    let table = match &file {
        Some(path) => search::read(path)?,
        None => toml::Table::new(),
    };
    let mut given = entries(table);
    lay_over(&mut given, &around.variables);
    let name = file.clone().unwrap_or_else(|| PathBuf::from("the environment"));
    let mut root = Section::new(&name, "", given);

    let panel = panel(&mut root, overrides)?;
    let (host, directories) = host(&mut root, overrides, around)?;
    let config = Config {
        panel,
        host,
        directories,
        display: display(&mut root, overrides)?,
        fetch: Fetch::read(&mut root)?,
        sandbox: sandbox(&mut root)?,
        log: log(&mut root, overrides, around)?,
        registries: registries(&mut root)?,
        instances: instances(&mut root)?,
        file,
    };
    root.finish()?;
    Ok(config)
}

fn panel(root: &mut Section<'_>, overrides: &Overrides) -> Result<Panel, ConfigError> {
    let mut table = root.table("panel")?;
    let size: Option<PanelSize> = table.take("size").map(|item| item.parsed(SIZES)).transpose()?;
    let mut sinks = vec![SinkSpec::Web];
    if let Some(item) = table.take("sinks") {
        sinks = item.parsed_list(SINKS)?;
        if sinks.is_empty() {
            return Err(item.refused(SINKS));
        }
    }
    let hub75 = hub75(table.table("hub75")?)?;
    table.finish()?;
    let default_size = PanelSize::new(64, 32).unwrap_or_else(|_| unreachable!("64x32 is in range"));
    Ok(Panel {
        size: overrides.size.or(size).unwrap_or(default_size),
        sinks: if overrides.sinks.is_empty() { sinks } else { overrides.sinks.clone() },
        hub75,
    })
}

/// The options of the driver, by the names and kinds of [`Hub75Options`].
fn hub75(mut table: Section<'_>) -> Result<Hub75Options, ConfigError> {
    // What the options say about themselves names their table already.
    let place = format!("{}:", table.file());
    let wrong = |conflict: String| ConfigError::Conflict { place: place.clone(), conflict };
    let mut options =
        toml::Table::try_from(Hub75Options::default()).map_err(|error| wrong(error.to_string()))?;
    for (key, value) in &mut options {
        let Some(item) = table.take(key) else { continue };
        *value = match value {
            toml::Value::Integer(_) => {
                let number = u32::try_from(item.at_least(0)?);
                i64::from(number.map_err(|_| item.refused("a smaller number"))?).into()
            }
            toml::Value::Boolean(_) => item.boolean()?.into(),
            toml::Value::Array(_) => item.texts("a list of texts")?.into(),
            _ => item.text("a text")?.into(),
        };
    }
    table.finish()?;
    let options: Hub75Options = options
        .try_into()
        .map_err(|error: toml::de::Error| wrong(super::error::one_line(error.message())))?;
    options.check().map_err(|error| wrong(error.to_string()))?;
    Ok(options)
}

fn host(
    root: &mut Section<'_>,
    overrides: &Overrides,
    around: &Surroundings,
) -> Result<(Host, Directories), ConfigError> {
    const FOLDER: &str = "the path of a folder";
    const ADDRESS: &str = "ADDRESS:PORT, such as 127.0.0.1:8750 or [::1]:8750";
    const PLACE: &str = "[LATITUDE, LONGITUDE] in degrees, such as [52.5, 13.4]";
    const COMMAND: &str = "the runner's command as a list, such as [\"/usr/bin/marquee-runner\"]";
    const ZONE: &str = "the name of a time zone, such as Europe/Berlin or UTC";

    let mut table = root.table("host")?;
    let mut listen: SocketAddr = marquee_http::DEFAULT_ADDRESS;
    if let Some(item) = table.take("listen") {
        listen = parse_address(item.text(ADDRESS)?).map_err(|_| item.refused(ADDRESS))?;
    }
    let folder = |table: &mut Section<'_>, key| table.take(key).map(|item| item.path(FOLDER)).transpose();
    let state = folder(&mut table, "state_dir")?;
    let plugins = folder(&mut table, "plugins_dir")?;
    let mut store = Store::Memory;
    if let Some(item) = table.take("store") {
        store = parse_store(item.text("memory:")?).map_err(|why| item.refused(why))?;
    }
    let time_zone = match table.take("time_zone") {
        None => TimeZone::system().iana_name().unwrap_or("UTC").to_owned(),
        Some(item) => {
            let zone = TimeZone::get(item.text(ZONE)?).map_err(|_| item.refused(ZONE))?;
            zone.iana_name().ok_or_else(|| item.refused(ZONE))?.to_owned()
        }
    };
    let mut location = None;
    if let Some(item) = table.take("location") {
        let (latitude, longitude) = item.pair(PLACE)?;
        if !((-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude)) {
            return Err(item.refused(format!("{PLACE}, latitude -90 to 90, longitude -180 to 180")));
        }
        location = Some((latitude, longitude));
    }
    let runner = match table.take("runner") {
        None => vec![around.runner_beside_this_program()?],
        Some(item) => {
            let words = item.texts(COMMAND)?;
            let good =
                words.first().is_some_and(|word| !word.is_empty()) && !words.iter().any(|w| w.contains('\0'));
            if good {
                words.into_iter().map(PathBuf::from).collect()
            } else {
                return Err(item.refused(COMMAND));
            }
        }
    };
    table.finish()?;

    let wishes = Wishes {
        state: overrides.state_dir.clone().or(state),
        plugins: overrides.plugins_dir.clone().or(plugins),
    };
    let directories = Directories::choose(wishes, around)?;
    let listen = overrides.listen.unwrap_or(listen);
    let store = overrides.store.unwrap_or(store);
    Ok((Host { listen, store, time_zone, location, runner }, directories))
}

/// Reads the address of a store.
///
/// # Errors
/// What may stand there instead.
pub fn parse_store(text: &str) -> Result<Store, String> {
    const PLANNED: [&str; 4] = ["sqlite:", "postgres:", "postgresql:", "sqlite"];
    match text {
        "memory:" => Ok(Store::Memory),
        _ if PLANNED.iter().any(|scheme| text.starts_with(scheme)) => {
            Err("memory:, because this version has no other store yet".to_owned())
        }
        _ => Err("memory:".to_owned()),
    }
}

/// Reads frames a second.
///
/// # Errors
/// The range.
pub fn parse_fps(text: &str) -> Result<u16, String> {
    let fps = text.trim().parse().ok().filter(|fps| (1..=120).contains(fps));
    fps.ok_or_else(|| "use a whole number from 1 to 120".to_owned())
}

fn display(root: &mut Section<'_>, overrides: &Overrides) -> Result<Display, ConfigError> {
    const TRANSITIONS: &str = "cut or fade";
    let mut table = root.table("display")?;
    let fps = table.take("fps").map(|item| item.integer(1..=120)).transpose()?.unwrap_or(60);
    let brightness = table.take("brightness").map(|item| item.integer(0..=100)).transpose()?.unwrap_or(100);
    let fade = match table.take("transition") {
        None => false,
        Some(item) => match item.text(TRANSITIONS)? {
            "cut" => false,
            "fade" => true,
            _ => return Err(item.refused(TRANSITIONS)),
        },
    };
    let fade_ms =
        table.take("transition_ms").map(|item| item.integer(0..=10_000u16)).transpose()?.unwrap_or(400);
    let duration = table.take("default_duration_s").map(|item| item.seconds(0.1..=DAY_S)).transpose()?;
    table.finish()?;
    Ok(Display {
        fps: overrides.fps.unwrap_or(fps),
        brightness,
        transition: if fade {
            Transition::CrossFade(Duration::from_millis(fade_ms.into()))
        } else {
            Transition::Cut
        },
        default_duration: duration.unwrap_or(Duration::from_secs(15)),
    })
}

fn sandbox(root: &mut Section<'_>) -> Result<Sandbox, ConfigError> {
    let mut table = root.table("sandbox")?;
    let layers = |table: &mut Section<'_>, key| {
        table
            .take(key)
            .map(|item| item.parsed_list::<Layer>(LAYERS))
            .transpose()
            .map(Option::unwrap_or_default)
    };
    let required = layers(&mut table, "require")?;
    let disable = layers(&mut table, "disable")?;
    let limits = limits(table.table("limits")?)?;
    table.finish()?;
    if let Some(layer) = required.iter().find(|layer| disable.contains(layer)) {
        let conflict =
            format!("both requires and disables the layer {layer}: remove it from one of the two lists");
        return Err(ConfigError::Conflict { place: table.place(), conflict });
    }
    Ok(Sandbox { required: Required(required), disable, limits })
}

fn limits(mut table: Section<'_>) -> Result<Limits, ConfigError> {
    const MIB: u64 = 1 << 20;
    let mut limits = Limits::default();
    // Below the lower bounds no runner starts, whatever the plugin.
    for (key, limit, least) in [
        ("memory_bytes", &mut limits.memory_bytes, 8 * MIB),
        ("address_space_bytes", &mut limits.address_space_bytes, 64 * MIB),
        ("open_files", &mut limits.open_files, 16),
        ("processes", &mut limits.processes, 4),
        ("file_size_bytes", &mut limits.file_size_bytes, 0),
        ("stack_bytes", &mut limits.stack_bytes, MIB / 4),
        ("core_bytes", &mut limits.core_bytes, 0),
    ] {
        if let Some(item) = table.take(key) {
            *limit = item.at_least(least)?;
        }
    }
    table.finish()?;
    Ok(limits)
}

fn log(root: &mut Section<'_>, overrides: &Overrides, around: &Surroundings) -> Result<Log, ConfigError> {
    const FORMATS: &str = "pretty or json";
    const FILTERS: &str =
        "error, warn, info, debug, trace or off, or a list such as info,marquee_fetch=debug";
    let is_filter = |text: &str| EnvFilter::builder().parse(text).is_ok();
    let mut table = root.table("log")?;
    let mut format = LogFormat::Pretty;
    if let Some(item) = table.take("format") {
        format = match item.text(FORMATS)? {
            "pretty" => LogFormat::Pretty,
            "json" => LogFormat::Json,
            _ => return Err(item.refused(FORMATS)),
        };
    }
    let mut filter = "info".to_owned();
    if let Some(item) = table.take("filter") {
        filter = item.text(FILTERS)?.to_owned();
        if !is_filter(&filter) {
            return Err(item.refused(FILTERS));
        }
    }
    table.finish()?;
    if let Some(text) = around.variables.get("MARQUEE_LOG").filter(|text| !text.is_empty()) {
        if !is_filter(text) {
            let (setting, found) = ("MARQUEE_LOG".to_owned(), super::error::quoted(text));
            return Err(ConfigError::Value { setting, found, allowed: FILTERS.to_owned() });
        }
        filter.clone_from(text);
    }
    Ok(Log { format: overrides.log_format.unwrap_or(format), filter })
}

fn registries(root: &mut Section<'_>) -> Result<Vec<Registry>, ConfigError> {
    const URL: &str = "an address that starts with https://, http:// or file://";
    let one = |mut table: Section<'_>| {
        let Some(item) = table.take("url") else {
            return Err(ConfigError::Missing { place: table.place(), key: "url", allowed: URL });
        };
        let url = item.text(URL)?.to_owned();
        if !["https://", "http://", "file://"]
            .iter()
            .any(|scheme| url.len() > scheme.len() && url.starts_with(scheme))
        {
            return Err(item.refused(URL));
        }
        let root = table.take("root").map(|item| item.path("the path of a file")).transpose()?;
        table.finish()?;
        Ok(Registry { url, root })
    };
    root.tables("registry")?.into_iter().map(one).collect()
}

fn instances(root: &mut Section<'_>) -> Result<Vec<Instance>, ConfigError> {
    let mut names = HashSet::new();
    let mut instances = Vec::new();
    for table in root.tables("instance")? {
        let place = table.place();
        let instance = instance(table)?;
        if !names.insert(instance.name.clone()) {
            let conflict = format!("is called {} like one before: give it another name", instance.name);
            return Err(ConfigError::Conflict { place, conflict });
        }
        instances.push(instance);
    }
    Ok(instances)
}

fn instance(mut table: Section<'_>) -> Result<Instance, ConfigError> {
    const NAME: &str = "1 to 100 printable characters without /";
    const PACKAGE: &str =
        "the id of a plugin: 2 to 64 lower-case letters, digits and single hyphens, starting with a letter";
    let Some(item) = table.take("name") else {
        return Err(ConfigError::Missing {
            place: table.place(),
            key: "name",
            allowed: "the name of the instance",
        });
    };
    let name: InstanceName = item.parsed(NAME)?;
    let package: PluginId = match table.take("package") {
        Some(item) => item.parsed(PACKAGE)?,
        None => name.as_str().parse().map_err(|_| ConfigError::Missing {
            place: table.place(),
            key: "package",
            allowed: "the id of the plugin that it runs, because its name is not one",
        })?,
    };
    let enabled = table.take("enabled").map(|item| item.boolean()).transpose()?.unwrap_or(true);
    let duration = table.take("duration_s").map(|item| item.seconds(0.1..=DAY_S)).transpose()?;
    let config = match table.take("config") {
        None => serde_json::Value::Object(serde_json::Map::new()),
        Some(item) => match item.given().to_json() {
            settings @ serde_json::Value::Object(_) => settings,
            _ => return Err(item.refused("a table of the plugin's settings")),
        },
    };
    table.finish()?;
    Ok(Instance { name, package, enabled, duration, config })
}
