/* The live view of a job: one snapshot in, DOM out.
 *
 * The kernel replaces `snapshot` a few times a second. Rows and bars are kept and only what differs is written, so
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
const STATUS_WORDS = { NotStarted: "Not started", CancelRequested: "Stopping…", Canceled: "Stopped", NotResponding: "Not running" };
const COLUMNS = [
  { key: "rank", title: "#", numeric: true },
  { key: "label", title: "Model" },
  { key: "value", title: "Score", numeric: true },
  { key: "folds_done", title: "Folds", numeric: true },
  { key: "fit_s", title: "Fit time", numeric: true },
  { key: "state", title: "State" },
];
const TICKING = new Set(["Preparing", "Running", "Finalizing", "CancelRequested"]);
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

export function number(value) {
  if (value === null || value === undefined) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return value.toLocaleString("en-US");
  if (Math.abs(value) >= 1e4) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(5)));
}

function statusWords(snapshot) {
  return STATUS_WORDS[snapshot.status] ?? snapshot.status ?? "Not started";
}

function metricName(snapshot) {
  return snapshot.metric?.name || "score";
}

function headline(snapshot) {
  const n = snapshot.counts?.complete ?? 0, best = snapshot.best;
  const found = best ? `, best ${metricName(snapshot)} ${best.text} by ${best.label}` : "";
  return `${snapshot.name}: ${statusWords(snapshot)}, ${n} ${n === 1 ? "trial" : "trials"} complete${found}.`;
}

/* ---- head: name, status, best score, Stop ------------------------------------------------------------------- */

function makeHead(root, id, onStop) {
  const head = make("div", "amlj-head", root);
  const left = make("div", "amlj-names", head);
  const title = make("div", "amlj-title", left);
  title.id = id;
  const sub = make("div", "amlj-quiet", left);
  const best = make("div", "amlj-best", head);
  const bestValue = make("div", "amlj-best-value", best);
  const bestName = make("div", "amlj-quiet", best);
  const right = make("div", "amlj-actions", head);
  const pill = make("span", "amlj-pill", right);
  const mark = make("span", "amlj-mark", pill);
  mark.setAttribute("aria-hidden", "true");
  const word = make("span", "", pill);
  const stop = make("button", "amlj-stop", right, "Stop");
  stop.type = "button";
  let asked = false;
  let current = null;
  function showStop() {
    const stopping = asked || current?.status === "CancelRequested";
    stop.hidden = Boolean(current?.over);
    setText(stop, stopping ? "Stopping…" : "Stop");
    setAttribute(stop, "aria-disabled", stopping ? "true" : null);
    setAttribute(stop, "title", stopping ? null : "Stop the job; every finished trial is kept");
  }
  stop.addEventListener("click", () => {
    if (asked || current?.over || current?.status === "CancelRequested") return;
    asked = true;
    showStop();
    onStop();
  });
  return (snapshot) => {
    current = snapshot;
    setText(title, snapshot.display_name || snapshot.name || "job");
    const where = snapshot.n_workers
      ? `${snapshot.n_workers} ${snapshot.n_workers === 1 ? "worker" : "workers"} (${snapshot.compute || "local"})` : "";
    const silent = snapshot.silent_s >= SILENT_S ? `last news ${duration(snapshot.silent_s)} ago` : "";
    const parts = [duration(Math.round(snapshot.elapsed_s || 0)), silent, snapshot.task, snapshot.plan?.validation, where];
    setText(sub, parts.filter((p) => typeof p === "string" && p).join(" · "));
    setAttribute(sub, "title", sub.textContent);
    setText(bestValue, snapshot.best ? snapshot.best.text : "–");
    setText(bestName, snapshot.best ? `best ${metricName(snapshot)}, ${snapshot.best.label}` : `best ${metricName(snapshot)}`);
    setAttribute(bestName, "title", bestName.textContent);
    setAttribute(pill, "data-status", snapshot.status);
    setText(mark, STATUS_MARKS[snapshot.status] ?? "○");
    setText(word, statusWords(snapshot));
    showStop();
  };
}

/* ---- limits: a bar towards each --------------------------------------------------------------------------------- */

function limitFraction(limit, greater) {
  let { used, total } = limit;
  if (used === null || used === undefined || total === null || total === undefined) return null;
  if (limit.name === "exit_score" && !greater) [used, total] = [total, used];
  return total > 0 && used >= 0 ? Math.min(1, used / total) : null;
}

function makeLimits(root) {
  const box = make("div", "amlj-limits", root);
  const bars = new Map();
  function makeBar(name) {
    const item = make("div", "amlj-limit", box);
    const line = make("div", "amlj-limit-line", item);
    const bar = { label: make("span", "", line), words: make("span", "amlj-quiet", line) };
    bar.track = make("div", "amlj-bar", item);
    bar.track.setAttribute("role", "progressbar");
    bar.track.setAttribute("aria-valuemin", "0");
    bar.track.setAttribute("aria-valuemax", "100");
    bar.fill = make("div", "amlj-bar-fill", bar.track);
    bar.item = item;
    bars.set(name, bar);
    return bar;
  }
  return (snapshot) => {
    const greater = snapshot.metric?.greater_is_better !== false, present = new Set();
    for (const limit of snapshot.limits ?? []) {
      const bar = bars.get(limit.name) ?? makeBar(limit.name);
      present.add(limit.name);
      const show = limit.unit === "s" ? duration : number;
      const used = limit.used === null || limit.used === undefined ? "–" : show(limit.used);
      const words = limit.total === null || limit.total === undefined ? used : `${used} of ${show(limit.total)}`;
      const share = limitFraction(limit, greater);
      setText(bar.label, limit.label);
      setText(bar.words, words);
      bar.track.style.visibility = share === null ? "hidden" : "visible";
      bar.fill.style.width = `${100 * (share ?? 0)}%`;
      setAttribute(bar.track, "aria-label", limit.label);
      setAttribute(bar.track, "aria-valuenow", Math.round(100 * (share ?? 0)));
      setAttribute(bar.track, "aria-valuetext", words);
    }
    for (const [name, bar] of bars) bar.item.hidden = !present.has(name);
  };
}

/* ---- chart: the best score so far ------------------------------------------------------------------------------- */

const CHART = { height: 130, left: 58, right: 12, top: 10, bottom: 22 };

function ticksOf(low, high, most) {
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((s) => s * power).find((s) => s >= rough) ?? 10 * power;
  const ticks = [];
  for (let t = Math.ceil(low / step) * step; t <= high + step * 1e-9; t += step) ticks.push(t);
  return { ticks, digits: Math.max(0, Math.min(8, -Math.floor(Math.log10(step) + 1e-9))) };
}

function timeTicks(end) {
  const steps = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400];
  const step = steps.find((s) => end / s <= 6) ?? 86400 * Math.ceil(end / 86400 / 6);
  const ticks = [];
  for (let t = 0; t <= end + 1e-9; t += step) ticks.push(t);
  return ticks;
}

function makeChart(root, id) {
  const box = make("div", "amlj-chart", root);
  const svg = makeSvg("svg", { role: "img", height: CHART.height, width: "100%" }, box);
  const title = makeSvg("title", { id: `${id}-chart` }, svg);
  svg.setAttribute("aria-labelledby", `${id}-chart`);
  const grid = makeSvg("g", { class: "amlj-grid" }, svg);
  const line = makeSvg("path", { class: "amlj-line", fill: "none" }, svg);
  const dots = makeSvg("g", { class: "amlj-dots" }, svg);
  const empty = makeSvg("text", { class: "amlj-empty", "text-anchor": "middle", y: CHART.height / 2 }, svg);
  let snapshot = null;

  function draw() {
    if (!snapshot) return;
    const width = Math.max(240, box.clientWidth || 640);
    setAttribute(svg, "viewBox", `0 0 ${width} ${CHART.height}`);
    const points = (snapshot.progress ?? []).filter((p) => p[1] !== null && p[1] !== undefined);
    setAttribute(empty, "x", width / 2);
    setText(empty, points.length ? "" : "The best score so far is drawn here once the first trial is complete.");
    grid.replaceChildren();
    dots.replaceChildren();
    if (!points.length) {
      line.setAttribute("d", "");
      setText(title, "No score yet.");
      return;
    }
    const end = Math.max(snapshot.elapsed_s || 0, points[points.length - 1][0], 1);
    const values = points.map((p) => p[1]);
    let low = Math.min(...values), high = Math.max(...values);
    const pad = (high - low) * 0.08 || Math.abs(high) * 0.02 || 0.5;
    low -= pad;
    high += pad;
    const x = (t) => CHART.left + ((width - CHART.left - CHART.right) * t) / end;
    const y = (v) => CHART.height - CHART.bottom - ((CHART.height - CHART.top - CHART.bottom) * (v - low)) / (high - low);
    const { ticks, digits } = ticksOf(low, high, 4);
    for (const t of ticks) {
      makeSvg("line", { x1: CHART.left, x2: width - CHART.right, y1: y(t), y2: y(t) }, grid);
      const label = makeSvg("text", { x: CHART.left - 6, y: y(t) + 4, "text-anchor": "end" }, grid);
      label.textContent = Math.abs(t) >= 1e5 ? t.toExponential(1) : t.toFixed(digits);
    }
    for (const t of timeTicks(end)) {
      const at = { x: x(t), y: CHART.height - 6, "text-anchor": t === 0 ? "start" : x(t) > width - 40 ? "end" : "middle" };
      makeSvg("text", at, grid).textContent = t === 0 ? "0" : duration(t);
    }
    let path = `M${x(points[0][0]).toFixed(1)} ${y(values[0]).toFixed(1)}`;
    for (const [t, v] of points.slice(1)) path += `H${x(t).toFixed(1)}V${y(v).toFixed(1)}`;
    line.setAttribute("d", `${path}H${x(end).toFixed(1)}`);
    for (const [t, v] of points.slice(-200)) makeSvg("circle", { cx: x(t), cy: y(v), r: 3 }, dots);
    const last = points[points.length - 1];
    setText(title, `Best ${metricName(snapshot)} so far: ${number(values[0])} after ${duration(points[0][0])}, `
      + `${number(last[1])} after ${duration(last[0])}.`);
  }

  let observer = null;
  if (typeof ResizeObserver !== "undefined") {
    let width = 0;
    observer = new ResizeObserver(() => {
      if (box.clientWidth === width) return;
      width = box.clientWidth;
      draw();
    });
    observer.observe(box);
  }
  return {
    update(next) {
      const same = snapshot && next.over && snapshot.over && next.seq === snapshot.seq;
      snapshot = next;
      if (!same) draw();
    },
    close() { observer?.disconnect(); },
  };
}

const TIED = "Cannot be told apart from the best at 95 %, given how the scores vary over the folds";

/* ---- leaderboard ------------------------------------------------------------------------------------------------- */

function scoreWords(row) {
  const text = row.text || (row.value === null || row.value === undefined ? "" : number(row.value));
  if (!text || typeof row.spread !== "number") return text;
  return `${text} ± ${number(Number(row.spread.toPrecision(2)))}${isTied(row) ? " ≈" : ""}`;
}

function isTied(row) {
  return Boolean(row.tied) && row.rank !== 1;
}

function reasonOf(row) {
  return (row.error ? row.error.message : row.reason) || "";
}

function keyOf(row) {
  return row.number === null || row.number === undefined ? `ensemble ${row.label}` : `trial ${row.number}`;
}

function detailsOf(row) {
  const pairs = [];
  const params = Object.entries(row.params ?? {});
  if (params.length) pairs.push(["Parameters", params.map(([k, v]) => `${k} = ${typeof v === "string" ? v : JSON.stringify(v)}`).join(", ")]);
  if (row.fold_values?.length) pairs.push(["Score on each fold", row.fold_values.map(number).join(", ")]);
  if (isTied(row)) pairs.push(["Against the best", TIED]);
  if (typeof row.predict_s === "number") pairs.push(["Prediction time", duration(row.predict_s)]);
  if (row.origin) pairs.push(["Proposed by", row.origin]);
  if (row.reason) pairs.push(["Reason", row.reason]);
  if (row.error) pairs.push([row.error.type || "Error", [row.error.message, row.error.tail].filter(Boolean).join("\n")]);
  return pairs;
}

function makeRow(id, onToggle) {
  const tr = document.createElement("tr");
  const cells = {};
  cells.rank = make("td", "amlj-num", tr);
  const head = make("th", "", tr);
  head.scope = "row";
  const toggle = make("button", "amlj-toggle", head);
  toggle.type = "button";
  toggle.setAttribute("aria-expanded", "false");
  const chevron = make("span", "amlj-chevron", toggle, "›");
  chevron.setAttribute("aria-hidden", "true");
  cells.label = make("bdi", "", toggle);
  cells.score = make("td", "amlj-num", tr);
  cells.folds = make("td", "amlj-num", tr);
  cells.fit = make("td", "amlj-num", tr);
  const state = make("td", "amlj-state", tr);
  cells.mark = make("span", "amlj-mark", state);
  cells.mark.setAttribute("aria-hidden", "true");
  cells.state = make("span", "", state);
  cells.why = make("bdi", "amlj-why", state);
  let detail = null, list = null, shown = "", row = null;

  function fillDetail() {
    const pairs = detailsOf(row), text = JSON.stringify(pairs);
    if (text === shown) return;
    shown = text;
    list.replaceChildren();
    for (const [name, value] of pairs) {
      make("dt", "", list, name);
      make("dd", "", list, value);
    }
    if (!pairs.length) make("dd", "", list, "Nothing more is known yet.");
  }

  toggle.addEventListener("click", () => {
    const open = toggle.getAttribute("aria-expanded") !== "true";
    toggle.setAttribute("aria-expanded", String(open));
    if (open && !detail) {
      detail = document.createElement("tr");
      detail.className = "amlj-detail";
      detail.id = id;
      const cell = make("td", "", detail);
      cell.colSpan = COLUMNS.length;
      list = make("dl", "", cell);
      toggle.setAttribute("aria-controls", id);
    }
    if (open) fillDetail();
    onToggle();
  });

  return {
    get nodes() { return toggle.getAttribute("aria-expanded") === "true" ? [tr, detail] : [tr]; },
    remove() { tr.remove(); detail?.remove(); },
    update(next, best) {
      row = next;
      setAttribute(tr, "data-state", row.state);
      setAttribute(tr, "data-best", best ? "true" : null);
      setText(cells.rank, row.rank ?? "");
      setText(cells.label, row.label);
      setText(cells.score, scoreWords(row));
      setAttribute(cells.score, "title", isTied(row) ? TIED : null);
      setText(cells.folds, row.n_folds ? `${row.folds_done ?? 0}/${row.n_folds}` : "");
      setText(cells.fit, row.fit_s || row.folds_done ? duration(row.fit_s) : "");
      setText(cells.mark, STATE_MARKS[row.state] ?? "○");
      setText(cells.state, String(row.state ?? "").replaceAll("_", " "));
      setText(cells.why, reasonOf(row));
      setAttribute(cells.why, "title", reasonOf(row) || null);
      if (detail && toggle.getAttribute("aria-expanded") === "true") fillDetail();
    },
  };
}

/* Put the rows in order without moving the one that holds the focus: a moved node would lose it. */
export function order(body, wanted) {
  const active = body.getRootNode().activeElement;
  const pivot = active ? wanted.findIndex((node) => node.contains(active)) : -1;
  let at = body.firstElementChild;
  for (const [i, node] of wanted.entries()) {
    if (i === pivot) at = node.nextElementSibling;
    else if (node === at) at = at.nextElementSibling;
    else body.insertBefore(node, at);
  }
}

function makeTable(root, id) {
  const scroll = make("div", "amlj-scroll", root);
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "group");
  scroll.setAttribute("aria-label", "Leaderboard");
  const table = make("table", "amlj-table", scroll);
  const caption = make("caption", "", table);
  const headRow = make("tr", "", make("thead", "", table));
  const body = make("tbody", "", table);
  const empty = make("p", "amlj-quiet", scroll, "Trials are listed here as they begin.");
  const rows = new Map();
  let snapshot = null, sort = { key: "rank", up: true }, made = 0;
  const heads = COLUMNS.map((column) => {
    const th = make("th", column.numeric ? "amlj-num" : "", headRow);
    th.scope = "col";
    const button = make("button", "amlj-sort", th);
    button.type = "button";
    const words = make("span", "", button, column.title);
    const arrow = make("span", "amlj-arrow", button, "");
    arrow.setAttribute("aria-hidden", "true");
    button.addEventListener("click", () => {
      sort = sort.key === column.key ? { key: column.key, up: !sort.up } : { key: column.key, up: firstUp(column.key) };
      show();
    });
    return { th, words, arrow, key: column.key, button };
  });

  function firstUp(key) {
    return key !== "value" || snapshot?.metric?.greater_is_better === false;
  }

  function sorted(list) {
    if (sort.key === "rank" && sort.up) return list;  // the kernel's own order
    const of = (row) => (sort.key === "rank" ? row.rank : row[sort.key]);
    const sign = sort.up ? 1 : -1;
    return list.map((row, i) => [row, i]).sort(([a, i], [b, j]) => {
      const left = of(a) ?? null, right = of(b) ?? null;
      if (left === null || right === null) return left === right ? i - j : left === null ? 1 : -1;
      const by = typeof left === "number" && typeof right === "number" ? left - right : String(left).localeCompare(String(right));
      return sign * by || i - j;
    }).map(([row]) => row);
  }

  function show() {
    if (!snapshot) return;
    for (const head of heads) {
      const on = head.key === sort.key;
      setAttribute(head.th, "aria-sort", on ? (sort.up ? "ascending" : "descending") : null);
      setText(head.arrow, on ? (sort.up ? "▲" : "▼") : "");
      if (head.key === "value") {
        setText(head.words, metricName(snapshot));
        setAttribute(head.button, "title", metricName(snapshot));
      }
    }
    const list = sorted(snapshot.rows ?? []), present = new Set(), wanted = [];
    for (const row of list) {
      const key = keyOf(row);
      if (present.has(key)) continue;
      present.add(key);
      if (!rows.has(key)) rows.set(key, makeRow(`${id}-detail-${(made += 1)}`, show));
      rows.get(key).update(row, row.rank === 1);
      wanted.push(...rows.get(key).nodes);
    }
    for (const [key, row] of rows) {
      if (!present.has(key)) {
        row.remove();
        rows.delete(key);
      }
    }
    const keep = new Set(wanted);
    for (const node of [...body.children]) if (!keep.has(node)) node.remove();
    order(body, wanted);
    empty.hidden = list.length > 0 || Boolean(snapshot.over);
    const total = snapshot.n_rows_total ?? list.length, c = snapshot.counts ?? {};
    const counted = Object.keys(STATE_MARKS).filter((s) => c[s]).map((s) => `${c[s]} ${s.replaceAll("_", " ")}`).join(", ");
    const hidden = list.length && total > list.length ? `; the best ${list.length} of ${total} rows are shown` : "";
    setText(caption, `Leaderboard${counted ? `: ${counted}` : ""}${hidden}`);
  }
  return (next) => {
    snapshot = next;
    show();
  };
}

/* ---- error, notes, announcements ---------------------------------------------------------------------------- */

function makeFoot(root) {
  const error = make("div", "amlj-error", root);
  error.setAttribute("role", "alert");
  error.hidden = true;
  const reason = make("div", "amlj-quiet", root);
  const tests = make("div", "amlj-tests", root);
  const showChecks = makeDetails(root);
  const showNotes = makeDetails(root);
  return (snapshot) => {
    error.hidden = !snapshot.error;
    if (snapshot.error) setText(error, `${snapshot.error.type || "Error"}: ${snapshot.error.message || ""}`);
    setText(reason, snapshot.reason || "");
    const scored = Object.entries(snapshot.test_metrics ?? {}).filter(([, v]) => typeof v === "number");
    setText(tests, scored.length ? `On the test data: ${scored.map(([k, v]) => `${k} ${number(v)}`).join(", ")}` : "");
    const planned = (snapshot.plan?.notes ?? []).map((n) => ({ level: n.level, message: n.why ? `${n.what}: ${n.why}` : n.what }));
    const notes = [...planned, ...(snapshot.notes ?? [])];
    const warnings = notes.filter((n) => n.level === "warning").length;
    const counted = `${notes.length} ${notes.length === 1 ? "note" : "notes"}`;
    showNotes(
      warnings ? `${counted}, ${warnings} of them a warning` : counted,
      notes.map((n) => [n.level === "warning" ? "Warning:" : "", n.message ?? ""]),
    );
    const checks = snapshot.plan?.guardrails ?? [];
    const alerted = checks.filter((f) => f.status === "Alerted").length;
    showChecks(
      `${checks.length} ${checks.length === 1 ? "guardrail" : "guardrails"}, ${alerted || "nothing"} to look at`,
      checks.map((f) => [`${f.name} (${f.status}):`, `${f.explanation} ${f.remedy}`]),
    );
  };
}

/* A list that opens; each item has a part in bold before its text. What is there already is left alone. */
function makeDetails(root) {
  const box = make("details", "amlj-notes", root);
  const summary = make("summary", "", box);
  const list = make("ul", "", box);
  let shown = [];
  return (counted, items) => {
    box.hidden = !items.length;
    setText(summary, counted);
    const texts = items.map((item) => item.join(" "));
    if (shown.some((text, i) => text !== texts[i])) {
      list.replaceChildren();
      shown = [];
    }
    for (const [strong, text] of items.slice(shown.length)) {
      const item = make("li", "", list);
      if (strong) make("strong", "", item, `${strong} `);
      item.append(text);
    }
    shown = texts;
  };
}

function makeAnnouncer(root) {
  const live = make("div", "amlj-sr", root);
  live.setAttribute("role", "status");
  live.setAttribute("aria-live", "polite");
  let last = 0, over = false;
  return (snapshot) => {
    const now = Date.now(), ended = Boolean(snapshot.over) && !over;
    if (!ended && now - last < ANNOUNCE_MS) return;
    over = Boolean(snapshot.over);
    last = now;
    setText(live, headline(snapshot));
  };
}

function render({ model, el }) {
  instances += 1;
  const id = `amlj-live-${instances}-${Math.random().toString(36).slice(2, 8)}`;
  const root = make("section", "amlj", el);
  root.setAttribute("aria-labelledby", id);
  root.dataset.lmSuppressShortcuts = "true";
  const stop = () => model.send({ type: "cancel" });
  const head = makeHead(root, id, stop);
  const limits = makeLimits(root);
  const chart = makeChart(root, id);
  const table = makeTable(root, id);
  const foot = makeFoot(root);
  const announce = makeAnnouncer(root);
  let seq = -Infinity, snapshot = null, arrived = 0;

  function update() {
    const next = model.get("snapshot");
    if (!next || (next.seq ?? 0) < seq) return;
    seq = next.seq ?? 0;
    snapshot = next;
    arrived = performance.now();
    for (const part of [head, limits, chart.update, table, foot, announce]) part(snapshot);
    setAttribute(root, "data-over", snapshot.over ? "true" : null);
  }

  /* Snapshots come when something happens; between them only the clock goes on, and says so when it is long. */
  function tick() {
    if (!snapshot || snapshot.over || !TICKING.has(snapshot.status)) return;
    const silent = (performance.now() - arrived) / 1000;
    const limited = (snapshot.limits ?? []).map((limit) =>
      limit.name === "timeout_minutes" && typeof limit.used === "number" ? { ...limit, used: limit.used + silent } : limit);
    const now = { ...snapshot, elapsed_s: (snapshot.elapsed_s || 0) + silent, limits: limited, silent_s: silent };
    head(now);
    limits(now);
  }

  model.on("change:snapshot", update);
  update();
  const timer = setInterval(tick, TICK_MS);
  return () => {
    clearInterval(timer);
    model.off("change:snapshot", update);
    chart.close();
    root.remove();
  };
}

export default { render };
