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
