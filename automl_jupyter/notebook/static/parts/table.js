/* ---- leaderboard ------------------------------------------------------------------------------------------------- */

const TIED = "Cannot be told apart from the best at 95 %, given how the scores vary over the folds";

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

/* The scores on the folds as a small line, low to high over their own range. */
function drawSparkline(svg, values) {
  const text = values.join(" ");
  if (svg.dataset.values === text) return;
  svg.dataset.values = text;
  svg.replaceChildren();
  if (values.length < 2) return;
  const low = Math.min(...values), range = Math.max(...values) - low || 1;
  const points = values.map((v, i) => `${2 + (36 * i) / (values.length - 1)},${12 - (10 * (v - low)) / range}`);
  makeSvg("polyline", { points: points.join(" "), fill: "none" }, svg);
}

function makeRow(id, onToggle, send, ask) {
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
  const folds = make("td", "amlj-num amlj-folds", tr);
  cells.spark = makeSvg("svg", { class: "amlj-spark", width: 40, height: 14, "aria-hidden": "true" }, folds);
  cells.folds = make("span", "", folds);
  cells.fit = make("td", "amlj-num", tr);
  cells.predict = make("td", "amlj-num", tr);
  cells.size = make("td", "amlj-num", tr);
  const state = make("td", "amlj-state", tr);
  cells.mark = make("span", "amlj-mark", state);
  cells.mark.setAttribute("aria-hidden", "true");
  cells.state = make("span", "", state);
  cells.why = make("bdi", "amlj-why", state);
  let detail = null, list = null, tools = null, shown = "", row = null, page = null, said = "";

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

  function fill(anew = false) {
    fillDetail();
    fillPage(anew);
    fillTools();
  }

  const known = () => JSON.stringify([row.folds_done, row.fold_values, row.params]);

  /* Its page, once there is a model. What a label stands for changes while a job runs: the page is made anew when the
   * row is opened again or its reader asks for it, and is not taken away from whoever reads it. */
  function fillPage(anew) {
    const trial = row.number !== null && row.number !== undefined;
    const there = row.state === "complete" || (trial && row.folds_done > 0 && !row.error);
    if (page && anew && (page.failed || said !== known())) {
      page.remove();
      page = null;
    }
    if (!there || page) return;
    said = known();
    page = makeModelPage(list.parentElement, id, trial ? row.number : row.label, ask);
  }

  /* What can be asked of this trial now. */
  function fillTools() {
    const trial = row.number !== null && row.number !== undefined;
    const open = row.state === "running" || row.state === "queued";
    tools.skip.hidden = !trial || !open || row.still;
    tools.block.hidden = !trial || !row.learner || row.learner === "Dummy" || row.still || Boolean(row.blocked);
    setText(tools.block, `Block ${row.learner}`);
    tools.again.hidden = !page || said === known();
    tools.bar.hidden = tools.skip.hidden && tools.block.hidden && tools.again.hidden;
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
      const bar = make("div", "amlj-tools", cell);
      const skip = makeButton("amlj-quiet-button", bar, "Skip this trial", "Stop this trial and go on with the others", () => {
        send({ type: "skip", model: row.number });
      });
      const block = makeButton("amlj-quiet-button", bar, "", "Try no further configuration of this algorithm", () => {
        send({ type: "block", learner: row.learner });
      });
      const words = "More is known of it than when this was opened";
      const again = makeButton("amlj-quiet-button", bar, "Show the model as it is now", words, () => {
        fill(true);
        toggle.focus();  // the button that had it is hidden now
      });
      tools = { bar, skip, block, again };
      toggle.setAttribute("aria-controls", id);
    }
    if (open) fill(true);
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
      drawSparkline(cells.spark, row.fold_values ?? []);
      setText(cells.fit, row.fit_s || row.folds_done ? brief(row.fit_s) : "");
      setText(cells.predict, row.folds_done ? brief(row.predict_s) : "");
      setText(cells.size, bytes(row.size_bytes));
      setText(cells.mark, STATE_MARKS[row.state] ?? "○");
      setText(cells.state, String(row.state ?? "").replaceAll("_", " "));
      setText(cells.why, reasonOf(row));
      setAttribute(cells.why, "title", reasonOf(row) || null);
      if (detail && toggle.getAttribute("aria-expanded") === "true") fill();
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

function makeTable(root, id, send, ask) {
  const tools = make("div", "amlj-tools", root);
  const search = make("input", "amlj-search", tools);
  search.type = "search";
  search.placeholder = "Filter models";
  search.setAttribute("aria-label", "Filter the leaderboard by model, algorithm, state or parameter");
  const found = make("span", "amlj-quiet", tools, "");
  found.setAttribute("role", "status");
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
  search.addEventListener("input", () => show());
  const heads = COLUMNS.map((column) => {
    const th = make("th", column.numeric ? "amlj-num" : "", headRow);
    th.dataset.column = column.key;
    th.scope = "col";
    const button = make("button", "amlj-sort", th);
    button.type = "button";
    const words = make("span", "", button, column.title);
    if (column.words) button.title = column.words;
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

  function fits(row, wanted) {
    if (!wanted) return true;
    const said = `${row.label} ${row.learner} ${row.state} ${reasonOf(row)} ${JSON.stringify(row.params ?? {})}`.toLowerCase();
    return wanted.split(/\s+/).every((word) => said.includes(word));
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
    const asked = search.value.trim().toLowerCase(), blocked = new Set(snapshot.blocked ?? []);
    const all = snapshot.rows ?? [], chosen = asked ? all.filter((row) => fits(row, asked)) : all;
    setText(found, asked ? `${chosen.length} of ${all.length}` : "");
    const list = sorted(chosen), present = new Set(), wanted = [];
    for (const row of list) {
      const key = keyOf(row);
      if (present.has(key)) continue;
      present.add(key);
      if (!rows.has(key)) rows.set(key, makeRow(`${id}-detail-${(made += 1)}`, show, send, ask));
      rows.get(key).update({ ...row, still: isStill(snapshot), blocked: blocked.has(row.learner) }, row.rank === 1);
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
    setAttribute(scroll, "data-open", wanted.some((node) => node.className === "amlj-detail") ? "true" : null);
    empty.hidden = all.length > 0 || Boolean(snapshot.over);
    const total = snapshot.n_rows_total ?? all.length, c = snapshot.counts ?? {};
    const counted = Object.keys(STATE_MARKS).filter((s) => c[s]).map((s) => `${c[s]} ${s.replaceAll("_", " ")}`).join(", ");
    const hidden = all.length && total > all.length ? `; the best ${all.length} of ${total} rows are shown` : "";
    setText(caption, `Leaderboard${counted ? `: ${counted}` : ""}${hidden}`);
  }
  return (next) => {
    snapshot = next;
    show();
  };
}
