/* ---- head: name, status, best score, what can be asked of a running job --------------------------------------- */

const MINUTES = 5;

function makeHead(root, id, send) {
  const head = make("div", "amlj-head", root);
  const left = make("div", "amlj-names", head);
  const title = make("div", "amlj-title", left);
  title.id = id;
  const sub = make("div", "amlj-quiet", left);
  const dashboard = make("a", "amlj-dashboard", left, "Dask dashboard");
  dashboard.target = "_blank";
  dashboard.rel = "noopener noreferrer";
  const best = make("div", "amlj-best", head);
  const bestValue = make("div", "amlj-best-value", best);
  const bestName = make("div", "amlj-quiet", best);
  const right = make("div", "amlj-actions", head);
  const pill = make("span", "amlj-pill", right);
  const mark = make("span", "amlj-mark", pill);
  mark.setAttribute("aria-hidden", "true");
  const word = make("span", "", pill);
  let asked = false;
  let current = null;
  function showStop() {
    const stopping = asked || current?.status === "CancelRequested";
    stop.hidden = isStill(current);
    setText(stop, stopping ? "Stopping…" : "Stop");
    setAttribute(stop, "aria-disabled", stopping ? "true" : null);
    setAttribute(stop, "title", stopping ? null : "Stop the job; every finished trial is kept");
    const running = !current?.over && !stopping && TICKING.has(current?.status);
    pause.hidden = !running || current?.status === "Finalizing";  // the search alone can be paused
    setText(pause, current?.paused ? "Resume" : "Pause");
    setAttribute(pause, "title", current?.paused ? "Begin fits again" : "Begin no further fit; those that run go on, and so does the clock");
    more.hidden = !running || !(current?.limits ?? []).some((limit) => limit.name === "timeout_minutes");
  }
  const stop = makeButton("amlj-stop", right, "Stop", "", () => {
    if (asked || isStill(current) || current?.status === "CancelRequested") return;
    asked = true;
    showStop();
    send({ type: "cancel" });
  });
  const pause = makeButton("amlj-quiet-button", right, "Pause", "", () => {
    send({ type: current?.paused ? "unpause" : "pause" });
  });
  const more = makeButton("amlj-quiet-button", right, `+ ${MINUTES} min`, `Give the job ${MINUTES} more minutes`, () => {
    send({ type: "extend", minutes: MINUTES });
  });
  function update(snapshot) {
    current = snapshot;
    if (isStill(snapshot)) asked = false;  // when somebody goes on with it, it can be stopped again
    setText(title, snapshot.display_name || snapshot.name || "job");
    const where = snapshot.n_workers
      ? `${snapshot.n_workers} ${snapshot.n_workers === 1 ? "worker" : "workers"} (${snapshot.compute || "local"})` : "";
    const silent = snapshot.silent_s >= SILENT_S ? `last news ${duration(snapshot.silent_s)} ago` : "";
    const left = typeof snapshot.left_s === "number" && !snapshot.over ? `about ${duration(Math.round(snapshot.left_s))} left at most` : "";
    const held = snapshot.paused && !snapshot.over ? "paused" : "";
    const parts = [duration(Math.round(snapshot.elapsed_s || 0)), held, left, silent, snapshot.task, snapshot.plan?.validation, where];
    setText(sub, parts.filter((p) => typeof p === "string" && p).join(" · "));
    setAttribute(sub, "title", sub.textContent);
    dashboard.hidden = !snapshot.dashboard;
    setAttribute(dashboard, "href", snapshot.dashboard || null);
    setText(bestValue, snapshot.best ? snapshot.best.text : "–");
    const name = snapshot.best ? `${onFolds(snapshot.best)}, ${snapshot.best.label}` : "";
    setText(bestName, `best ${metricName(snapshot)}${name}`);
    setAttribute(bestName, "title", bestName.textContent);
    setAttribute(pill, "data-status", snapshot.status);
    setText(mark, STATUS_MARKS[snapshot.status] ?? "○");
    setText(word, statusWords(snapshot));
    showStop();
  }
  update.refused = () => {
    asked = false;
    showStop();
  };
  return update;
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
      const so = limit.total === null || limit.total === undefined ? used : `${used} of ${show(limit.total)}`;
      const rest = typeof limit.left_s === "number" && limit.unit !== "s" && limit.left_s > 0 && !snapshot.over;
      const words = rest ? `${so} · about ${duration(Math.round(limit.left_s))} left` : so;
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

/* ---- workers: what each is doing now ---------------------------------------------------------------------------- */

const MOST_STRIPS = 16;

function makeWorkers(root) {
  const box = make("div", "amlj-workers", root);
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Workers");
  const strips = [];
  let places = [];
  function makeStrip(i) {
    const strip = make("div", "amlj-strip", box);
    make("span", "amlj-quiet", strip, `${i + 1} `).setAttribute("aria-label", `Worker ${i + 1}`);
    strips.push({ strip, what: make("bdi", "", strip), when: make("span", "amlj-quiet", strip) });
  }
  /* A fit stays on its strip for as long as it runs; a new one takes the first that is free. */
  return (snapshot) => {
    /* Workers are handed their next fit before they need it: those begun last wait in line. */
    const still = isStill(snapshot);
    const doing = still ? [] : (snapshot.doing ?? []).slice(0, snapshot.n_workers || MOST_STRIPS);
    const keys = doing.map((d) => `${d.number} ${d.fold}`);
    places = places.map((key) => (keys.includes(key) ? key : null));
    for (const key of keys) {
      if (places.includes(key)) continue;
      const free = places.indexOf(null);
      if (free >= 0) places[free] = key;
      else places.push(key);
    }
    const n = still ? 0 : Math.min(MOST_STRIPS, snapshot.n_workers || doing.length);
    while (strips.length < n) makeStrip(strips.length);
    box.hidden = n === 0;
    strips.forEach(({ strip, what, when }, i) => {
      strip.hidden = i >= n;
      const fit = doing[keys.indexOf(places[i])];
      const fold = fit && (fit.fold < 0 ? "all rows" : `fold ${fit.fold + 1} of ${fit.n_folds}`);
      setText(what, fit ? `${fit.label} #${fit.number}` : "");
      setText(when, fit ? ` ${fold}, ${duration(Math.max(0, Math.round((snapshot.elapsed_s || 0) - fit.started_s)))}` : "waits");
      setAttribute(strip, "data-busy", fit ? "true" : null);
    });
    places.length = Math.max(places.lastIndexOf(places.findLast((p) => p !== null)) + 1, 0);
  };
}
