/* The live view of a job: snapshots in, DOM out. The parts of this folder are joined into one module.
 *
 * The kernel sends what changed a few times a second. Rows and bars are kept and only what differs is written, so
 * the focus, the scroll position and the selection of a reader survive every update. Names come from data and are
 * untrusted: they go in by textContent only.
 */

const SVG = "http://www.w3.org/2000/svg";
const ANNOUNCE_MS = 10000;
const TICK_MS = 1000;
const SILENT_S = 30;
const STATE_MARKS = {
  complete: "✓", running: "▸", queued: "○", pruned: "◇", failed: "✕", cancelled: "■", timed_out: "◔",
};
const STATUS_MARKS = {
  Completed: "✓", Running: "▸", Finalizing: "▸", Canceled: "■", CancelRequested: "■", Failed: "✕",
};
const STATUS_WORDS = {
  NotStarted: "Not started", CancelRequested: "Stopping…", Canceled: "Stopped", NotResponding: "Not running",
};
const COLUMNS = [
  { key: "rank", title: "#", numeric: true },
  { key: "label", title: "Model" },
  { key: "value", title: "Score", numeric: true },
  { key: "folds_done", title: "Folds", numeric: true },
  { key: "fit_s", title: "Fit", numeric: true, words: "Seconds spent fitting the folds" },
  { key: "predict_s", title: "Predict", numeric: true, words: "Seconds spent predicting the held-out rows" },
  { key: "size_bytes", title: "Size", numeric: true, words: "Bytes of one fold's fitted model" },
  { key: "state", title: "State" },
];
const TICKING = new Set(["Preparing", "Running", "Finalizing", "CancelRequested"]);
/* Whether the job is over or no process runs it, so that nothing can be asked of it. */
const isStill = (snapshot) => Boolean(snapshot?.over) || snapshot?.status === "NotResponding";
let instances = 0;

function make(tag, className, parent, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  if (parent) parent.append(node);
  return node;
}

function makeSvg(tag, attributes, parent) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (parent) parent.append(node);
  return node;
}

/* Write only what differs: an unchanged node keeps its selection and causes no layout. */
function setText(node, text) {
  const wanted = String(text ?? "");
  if (node.textContent !== wanted) node.textContent = wanted;
}

function setAttribute(node, name, value) {
  if (value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 10) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 60) return `${seconds.toFixed(0)} s`;
  const whole = Math.round(seconds), minutes = Math.floor(whole / 60), rest = whole % 60;
  if (minutes < 60) return rest ? `${minutes} min ${rest} s` : `${minutes} min`;
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${Math.floor(minutes / 60)} h`;
}

/* A duration for a narrow column. */
function brief(seconds) {
  return typeof seconds === "number" && seconds < 0.1 ? `${Number((seconds * 1000).toPrecision(2))} ms` : duration(seconds);
}

export function number(value) {
  if (value === null || value === undefined) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return value.toLocaleString("en-US");
  if (Math.abs(value) >= 1e4 && Math.abs(value) < 1e15) return Math.round(value).toLocaleString("en-US");
  const [digits, power] = value.toExponential(4).split("e");
  if (power < -4 || power >= 15) return `${Number(digits)}e${power[0]}${power.slice(1).padStart(2, "0")}`;
  return String(Number(value.toPrecision(5)));
}

export function bytes(value) {
  if (!value) return "";
  if (value < 1e3) return `${value} B`;
  if (value < 1e6) return `${Number((value / 1e3).toPrecision(2))} kB`;
  return value < 1e9 ? `${Number((value / 1e6).toPrecision(2))} MB` : `${Number((value / 1e9).toPrecision(2))} GB`;
}

function makeButton(className, parent, text, title, onClick) {
  const button = make("button", className, parent, text);
  button.type = "button";
  if (title) button.title = title;
  button.addEventListener("click", onClick);
  return button;
}

function statusWords(snapshot) {
  return STATUS_WORDS[snapshot.status] ?? snapshot.status ?? "Not started";
}

function metricName(snapshot) {
  return snapshot.metric?.name || "score";
}

/* A model chosen in a race is judged on the race's folds only. */
function onFolds(best) {
  return best.folds ? ` on ${best.folds}` : "";
}

function headline(snapshot) {
  const n = snapshot.counts?.complete ?? 0, best = snapshot.best;
  const found = best ? `, best ${metricName(snapshot)} ${best.text}${onFolds(best)} by ${best.label}` : "";
  return `${snapshot.name}: ${statusWords(snapshot)}, ${n} ${n === 1 ? "trial" : "trials"} complete${found}.`;
}
