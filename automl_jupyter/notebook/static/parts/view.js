/* ---- in step with the kernel -------------------------------------------------------------------------------------- */

/* As the kernel orders rows: complete ones by score, then what is under way, then what failed. */
export function rankRows(rows, greater) {
  const group = (row) => (row.complete && typeof row.value === "number" ? 0 : row.error ? 2 : 1);
  const signed = (row) => (typeof row.value !== "number" ? Infinity : greater ? -row.value : row.value);
  const order = (row) => (row.number === null || row.number === undefined ? 1e9 : row.number);
  const by = (a, b) => group(a) - group(b) || signed(a) - signed(b) || order(a) - order(b) || 0;
  let rank = 0;
  return [...rows].sort((a, b) => by(a, b) || 0).map((row) => ({ ...row, rank: group(row) === 0 ? (rank += 1) : null }));
}

/* The snapshot that a change leads to: the same one where that is in it already, null where an earlier one is missing. */
export function applyDelta(snapshot, delta) {
  const seq = snapshot.seq ?? 0;
  if (seq !== delta.from) return (delta.set.seq ?? delta.from) <= seq ? snapshot : null;
  const next = { ...snapshot, ...delta.set };
  for (const [name, more] of Object.entries(delta.grow ?? {})) next[name] = [...(snapshot[name] ?? []), ...more];
  if (delta.rows.length || delta.gone.length) {
    const rows = new Map((snapshot.rows ?? []).map((row) => [keyOf(row), row]));
    for (const key of delta.gone) rows.delete(key);
    for (const row of delta.rows) rows.set(keyOf(row), row);
    next.rows = rankRows(rows.values(), next.metric?.greater_is_better !== false);
  }
  return next;
}

/* It holds the questions that are open. There may be several to one widget: anywidget hands each view a proxy of its own,
 * and what listens through one ends with it. The first that hears of a change makes it, for they share the snapshot. */
const desks = new WeakMap();
const PATIENCE_MS = 180000;
/* So long a refusal stays at least, however soon news come. */
const READING_MS = 10000;
const SILENCE = "No answer came. Is the kernel running?";

function deskOf(model) {
  if (desks.has(model)) return desks.get(model);
  const open = new Map(), listeners = new Set();
  let asked = 0;
  function hear(content) {
    if (content?.type === "delta") {
      const before = model.get("snapshot") ?? {}, next = applyDelta(before, content);
      if (!next) model.send({ type: "whole" });
      else if (next !== before) model.set("snapshot", next);
    } else if (content?.type === "whole") {
      model.set("snapshot", content.snapshot);
    } else if (content?.type === "answer") {
      open.get(content.id)?.(content.answer);
      open.delete(content.id);
    } else if (content?.type === "refused") {
      for (const listener of listeners) listener(content.message);
    }
  }
  model.on("msg:custom", hear);
  const desk = {
    send: (content) => model.send(content),
    ask: (question) => new Promise((done) => {
      asked += 1;
      const id = `${asked}-${Math.random().toString(36).slice(2)}`;
      open.set(id, done);
      setTimeout(() => done({ error: SILENCE }), PATIENCE_MS);
      model.send({ type: "ask", id, ...question });
    }),
    onRefused(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  desks.set(model, desk);
  return desk;
}

function mount(model, el) {
  instances += 1;
  const id = `amlj-live-${instances}-${Math.random().toString(36).slice(2, 8)}`;
  const root = make("section", "amlj", el);
  root.setAttribute("aria-labelledby", id);
  root.dataset.lmSuppressShortcuts = "true";
  const desk = deskOf(model);
  const head = makeHead(root, id, send);
  const refused = make("div", "amlj-error", root);
  refused.setAttribute("role", "alert");
  refused.hidden = true;
  const limits = makeLimits(root);
  const workers = makeWorkers(root);
  const chart = makeChart(root, id);
  const table = makeTable(root, id, send, desk.ask);
  const foot = makeFoot(root, desk.ask);
  const announce = makeAnnouncer(root);
  let seq = -Infinity, snapshot = null, arrived = 0, refusedAt = 0;

  /* What was refused is no news any more. */
  function send(content) {
    refused.hidden = true;
    desk.send(content);
  }

  function update() {
    const next = model.get("snapshot");
    if (!next || (next.seq ?? 0) < seq) return;
    const now = performance.now();
    // A page that comes back into sight is told again what it shows: that is no news, and the clock has gone on.
    if (!snapshot || (next.seq ?? 0) > seq || next.status !== snapshot.status) arrived = now;
    seq = next.seq ?? 0;
    snapshot = next;
    if (now - refusedAt >= READING_MS) refused.hidden = true;
    for (const part of [head, limits, workers, chart.update, table, foot, announce]) part(snapshot);
    setAttribute(root, "data-over", snapshot.over ? "true" : null);
    if (arrived !== now) tick();
  }

  /* Snapshots come when something happens; between them only the clock goes on, and says so when it is long. */
  function tick() {
    if (!snapshot || snapshot.over || !TICKING.has(snapshot.status)) return;
    const silent = (performance.now() - arrived) / 1000;
    const rest = (left) => (typeof left === "number" ? Math.max(0, left - silent) : left);
    const limited = (snapshot.limits ?? []).map((limit) => ({
      ...limit, left_s: rest(limit.left_s), used: limit.unit === "s" && typeof limit.used === "number" ? limit.used + silent : limit.used,
    }));
    const now = {
      ...snapshot, elapsed_s: (snapshot.elapsed_s || 0) + silent, limits: limited, silent_s: silent, left_s: rest(snapshot.left_s),
    };
    head(now);
    limits(now);
    workers(now);
  }

  const forget = desk.onRefused((message) => {
    setText(refused, message);
    refused.hidden = false;
    refusedAt = performance.now();
    head.refused();
  });
  model.on("change:snapshot", update);
  update();
  const timer = setInterval(tick, TICK_MS);
  return () => {
    clearInterval(timer);
    model.off("change:snapshot", update);
    forget();
    chart.close();
    root.remove();
  };
}

/* ---- in the notebook ------------------------------------------------------------------------------------------------ */

const LOOK_MS = 500;

/* When a job is over plain HTML takes the widget's place, so that a saved notebook shows the end without a kernel. For
 * as long as there is one, the widget stands in for that HTML wherever it is shown. */
function standIn(model) {
  const mounted = new Map();
  const name = `amlj-stand-${model.get("stand")}`;
  const timer = setInterval(() => {
    for (const place of document.getElementsByClassName(name)) {
      if (mounted.has(place)) continue;
      const still = place.nextElementSibling;
      mounted.set(place, mount(model, place));
      if (still) still.hidden = true;
    }
    for (const [place, close] of mounted) {
      if (place.isConnected) continue;
      close();
      mounted.delete(place);
    }
  }, LOOK_MS);
  return () => {
    clearInterval(timer);
    for (const [place, close] of mounted) {
      close();
      if (place.nextElementSibling) place.nextElementSibling.hidden = false;
    }
  };
}

function initialize({ model }) {
  deskOf(model);
  return standIn(model);
}

function render({ model, el }) {
  return mount(model, el);
}

export default { initialize, render };
