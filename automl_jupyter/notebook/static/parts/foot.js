/* ---- error, notes, announcements ---------------------------------------------------------------------------- */

function makeFoot(root, ask) {
  const error = make("div", "amlj-error", root);
  error.setAttribute("role", "alert");
  error.hidden = true;
  const reason = make("div", "amlj-quiet", root);
  const tests = make("div", "amlj-tests", root);
  const showChecks = makeDetails(root);
  const showNotes = makeDetails(root);
  const showLog = makeLog(root);
  makeSettings(root, ask);
  return (snapshot) => {
    error.hidden = !snapshot.error;
    if (snapshot.error) setText(error, `${snapshot.error.type || "Error"}: ${snapshot.error.message || ""}`);
    setText(reason, snapshot.reason || "");
    const scored = Object.entries(snapshot.test_metrics ?? {}).filter(([, v]) => typeof v === "number");
    setText(tests, scored.length ? `On the test data: ${scored.map(([k, v]) => `${k} ${number(v)}`).join(", ")}` : "");
    const planned = (snapshot.plan?.notes ?? []).map((n) => ({ level: n.level, message: n.why ? `${n.what.replace(/\.$/, "")}: ${n.why}` : n.what }));
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
    showLog(snapshot.log ?? []);
  };
}

/* What was asked of the job, as the cell that asks it; fetched when it is first looked at. */
function makeSettings(root, ask) {
  const box = make("details", "amlj-notes", root);
  make("summary", "", box, "Settings");
  const said = make("div", "amlj-quiet", box);
  let asked = false;
  box.addEventListener("toggle", async () => {
    if (!box.open || asked) return;
    asked = true;
    setText(said, "The settings are being read…");
    const found = await ask({ what: "cell" });
    asked = Boolean(found.cell);
    setText(said, found.cell ? "" : found.error);
    if (found.cell) makeCode(box, found.cell);
  });
}

const LOG_MARKS = { best: "★", warning: "!" };

/* What happened, the latest last. Lines are made while it is open; it follows the end unless one has scrolled up. */
function makeLog(root) {
  const box = make("details", "amlj-notes", root);
  const summary = make("summary", "", box);
  const scroll = make("div", "amlj-log", box);
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "log");
  scroll.setAttribute("aria-live", "off");
  scroll.setAttribute("aria-label", "What happened");
  const list = make("ol", "", scroll);
  let lines = [], shown = [];
  function write() {
    if (!box.open) return;
    const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 8;
    const begin = shown.every((text, i) => lines[i]?.text === text) ? shown.length : 0;
    if (begin === 0) list.replaceChildren();
    for (const line of lines.slice(begin)) {
      const item = make("li", "", list);
      setAttribute(item, "data-level", line.level);
      make("span", "amlj-quiet", item, duration(Math.round(line.at_s)));
      make("span", "amlj-mark", item, LOG_MARKS[line.level] ?? "").setAttribute("aria-hidden", "true");
      make("span", "", item, line.text);
    }
    shown = lines.map((line) => line.text);
    if (atEnd || begin === 0) scroll.scrollTop = scroll.scrollHeight;
  }
  box.addEventListener("toggle", write);
  return (log) => {
    lines = log;
    box.hidden = !log.length;
    setText(summary, `Log: ${log.length} ${log.length === 1 ? "event" : "events"}`);
    write();
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
