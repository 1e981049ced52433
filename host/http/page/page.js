// The page: keeps the live picture connected, asks the API once a second, and shows what it says.
//
// No request lasts longer than ten seconds, none is made while nobody looks, and whatever failed is asked for again by
// itself. Text from the host goes into the page as text, never as markup.

import { Panel } from "/panel.js";

const PATIENCE = 10_000;
const $ = (id) => document.getElementById(id);

// ---- small tools -------------------------------------------------------------------------------------------------

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function say(where, text) {
  if (where.textContent !== text) where.textContent = text;
}

function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

function duration(seconds) {
  const s = Math.floor(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${plural(Math.floor(s / 86_400), "day")} ${Math.floor((s % 86_400) / 3600)} h`;
}

// Keeps one child for each item, by key and in order, so that focus, open details and scroll survive a refresh.
function keep(list, items, key, make) {
  const old = new Map([...list.children].map((child) => [child.dataset.key, child]));
  items.forEach((item, index) => {
    const name = key(item);
    let child = old.get(name);
    old.delete(name);
    if (!child) {
      child = make();
      child.dataset.key = name;
    }
    if (list.children[index] !== child) list.insertBefore(child, list.children[index] ?? null);
    child.update(item);
  });
  for (const gone of old.values()) gone.remove();
}

// ---- the live picture --------------------------------------------------------------------------------------------

let shownPlugin = null;
let panelSize = null;

const panel = new Panel($("panel"), $("ambient"), $("stage"), (width, height) => {
  panelSize = [width, height];
  say($("size"), `${width} × ${height}`);
  describePanel();
});

function describePanel() {
  const size = panelSize ? `, ${panelSize[0]} by ${panelSize[1]}` : "";
  const what = shownPlugin ? `showing ${shownPlugin}` : "showing no plugin";
  const label = `LED panel${size}, ${what}`;
  if ($("panel").getAttribute("aria-label") !== label) $("panel").setAttribute("aria-label", label);
}

class Live {
  #socket = null;
  #tries = 0;
  #timer = 0;
  #received = 0;

  constructor() {
    setInterval(() => this.#measure(), 1000);
    addEventListener("online", () => this.#hurry());
  }

  start() {
    if (this.#socket || this.#timer) return;
    const socket = new WebSocket(`ws://${location.host}/api/v1/frames`);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket || !panel.take(data)) return;
      this.#received++;
      if (this.#tries || $("link").dataset.state !== "live") this.#connected();
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost();
    };
    this.#socket = socket;
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #connected() {
    this.#tries = 0;
    $("link").dataset.state = "live";
    say($("link-text"), "Live");
    $("bezel").classList.remove("stale");
    $("lost").hidden = true;
  }

  #lost() {
    this.#socket = null;
    const pause = Math.min(10_000, 500 * 2 ** this.#tries++) * (0.8 + 0.4 * Math.random());
    $("link").dataset.state = "lost";
    say($("link-text"), "Connection lost");
    $("bezel").classList.add("stale");
    $("lost").hidden = false;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.start();
    }, pause);
  }

  #hurry() {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.start();
  }

  #measure() {
    const rate = this.#received;
    this.#received = 0;
    const live = $("link").dataset.state === "live";
    say($("rate"), live ? (rate > 1 ? `${rate} fps` : "still picture") : "");
  }
}

// ---- what the API says -------------------------------------------------------------------------------------------

async function get(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE), cache: "no-store" });
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => null);
  throw new Error(problem?.detail ?? `The host answered ${answer.status}.`);
}

const REASONS = {
  rotation: "in rotation",
  live: "live, took the screen",
  nothing_to_show: "no plugin has anything to show",
  starting: "starting",
  on_demand: "on demand",
};

function showStatus(status) {
  const { current } = status;
  shownPlugin = current.plugin;
  describePanel();
  if (!panelSize) say($("size"), status.panel.replace("x", " × "));
  say($("current"), current.plugin ?? "Nothing");
  say($("why"), `${REASONS[current.reason] ?? current.reason} · for ${duration(current.for_ms / 1000)}`);
  say($("next"), current.next ?? "–");
  document.title = current.plugin ? `${current.plugin} · Marquee` : "Marquee";

  keep($("sandbox-list"), status.sandbox, (layer) => layer.name, layerRow);
  keep($("sink-list"), status.sinks, (sink) => sink.spec, sinkRow);
  const store = status.store.stale ? `${status.store.kind} store out of reach` : `${status.store.kind} store`;
  say(
    $("footer"),
    `Marquee ${status.version} · plugin API ${status.api} · up ${duration(status.uptime_s)} · ${plural(status.frames, "frame")} · ${store}`,
  );
}

const TROUBLED = new Set(["failing", "crashed", "quarantined", "missing"]);

function pluginRow() {
  const name = element("span", "name");
  const version = element("span", "version");
  const here = element("span", "here", "on now");
  const state = element("span", "pill");
  const facts = element("p", "facts");
  const reason = element("p", "reason");
  const log = element("pre", "log");
  log.tabIndex = 0;
  const details = element("details", "", element("summary", "", "Last log lines"), log);
  const row = element("li", "", element("div", "line", name, version, here, state), facts, reason, details);
  row.update = ({ plugin, current }) => {
    const { observed } = plugin;
    const off = plugin.status === "disabled";
    say(name, plugin.name);
    say(version, [plugin.package === plugin.name ? "" : plugin.package, observed.running_version ?? plugin.version ?? ""].filter(Boolean).join(" "));
    here.hidden = !current;
    row.classList.toggle("off", off && observed.state === "stopped");
    state.dataset.state = observed.state;
    say(state, off && observed.state === "stopped" ? "disabled" : observed.state);
    const told = [`${duration(plugin.duration_s)} a turn`];
    if (observed.running_version && plugin.version && observed.running_version !== plugin.version) told.push(`${plugin.version} is on disk`);
    if (observed.restarts) told.push(plural(observed.restarts, "restart"));
    if (observed.late_frames) told.push(plural(observed.late_frames, "late frame"));
    if (observed.dropped_log_lines) told.push(`${plural(observed.dropped_log_lines, "log line")} dropped`);
    say(facts, told.join(" · "));
    say(reason, observed.reason ?? "");
    reason.hidden = !observed.reason;
    reason.classList.toggle("bad", TROUBLED.has(observed.state));
    say(log, (observed.last_log ?? []).join("\n"));
    details.hidden = !log.textContent;
  };
  return row;
}

function showPlugins({ plugins }) {
  const items = plugins.map((plugin) => ({ plugin, current: plugin.name === shownPlugin }));
  keep($("plugin-list"), items, ({ plugin }) => plugin.name, pluginRow);
  const enabled = plugins.filter((plugin) => plugin.status === "enabled").length;
  say($("plugins-count"), plugins.length ? `${enabled} of ${plugins.length} enabled` : "");
  $("plugins-empty").hidden = plugins.length > 0;
}

function refusedRow() {
  const path = element("span", "path");
  const reason = element("p", "reason");
  const row = element("li", "", element("div", "line", path), reason);
  row.update = (refused) => {
    say(path, refused.path);
    say(reason, refused.reason);
  };
  return row;
}

function showPackages({ refused, folder_error }) {
  const all = folder_error ? [{ path: "plugins folder", reason: folder_error }, ...refused] : refused;
  keep($("refused-list"), all, (one) => one.path, refusedRow);
  say($("refused-count"), all.length ? String(all.length) : "");
  $("refused-section").hidden = all.length === 0;
}

function layerRow() {
  const name = element("span", "name");
  const state = element("span", "pill");
  const note = element("p", "reason");
  const row = element("li", "", element("div", "line", name, state), note);
  row.update = (layer) => {
    say(name, layer.name.replaceAll("_", " "));
    state.dataset.state = layer.state === "missing" ? "absent" : layer.state;
    say(state, layer.state);
    say(note, layer.note ?? "");
    note.hidden = !layer.note;
  };
  return row;
}

function sinkRow() {
  const spec = element("span", "name");
  const counts = element("span", "facts end");
  const error = element("p", "reason bad");
  const row = element("li", "", element("div", "line", spec, counts), error);
  row.update = (sink) => {
    say(spec, sink.spec);
    say(counts, sink.dropped ? `${plural(sink.pictures, "picture")}, ${sink.dropped.toLocaleString("en")} dropped` : plural(sink.pictures, "picture"));
    say(error, sink.error ?? "");
    error.hidden = !sink.error;
  };
  return row;
}

// ---- asking, while somebody looks ----------------------------------------------------------------------------------

// Asks again and again, never twice at once, and tells of trouble in one place.
class Poll {
  static #troubles = new Map();
  #timer = 0;
  #busy = false;

  constructor(path, every, show) {
    this.path = path;
    this.every = every;
    this.show = show;
  }

  async start() {
    clearTimeout(this.#timer);
    if (this.#busy || document.hidden) return;
    this.#busy = true;
    try {
      this.show(await get(this.path));
      this.#tell(null);
    } catch (error) {
      const silent = error instanceof TypeError || error.name === "TimeoutError";
      this.#tell(silent ? "The host does not answer. This page keeps trying." : error.message);
    }
    this.#busy = false;
    if (!document.hidden) this.#timer = setTimeout(() => this.start(), this.every);
  }

  stop() {
    clearTimeout(this.#timer);
  }

  #tell(trouble) {
    if (trouble) Poll.#troubles.set(this.path, trouble);
    else Poll.#troubles.delete(this.path);
    const [first] = Poll.#troubles.values();
    say($("trouble"), first ?? "");
    $("trouble").hidden = !first;
  }
}

const live = new Live();
const polls = [
  new Poll("/api/v1/status", 1000, showStatus),
  new Poll("/api/v1/plugins", 1000, showPlugins),
  new Poll("/api/v1/packages", 3000, showPackages),
];

function look() {
  if (document.hidden) {
    live.stop();
    for (const poll of polls) poll.stop();
  } else {
    live.start();
    for (const poll of polls) poll.start();
  }
}

document.addEventListener("visibilitychange", look);
look();
