/* The profile of a table: one snapshot in, DOM out; a type chosen for a column goes back.
 *
 * Rows are kept and only those that differ are written, so that the focus and the scroll position survive a change.
 * Names come from data and are untrusted: they go in by textContent only.
 */

const SVG = "http://www.w3.org/2000/svg";
const COPIED_MS = 2000;
let instances = 0;

function make(tag, className, parent, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  if (parent) parent.append(node);
  return node;
}

function makePicture(cell, row) {
  if (!row.bars) {
    cell.textContent = "–";
    return;
  }
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 96 20");
  svg.setAttribute("aria-hidden", "true"); // the words below say the same
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", row.bars);
  svg.append(path);
  cell.append(svg);
  make("small", "", cell, row.says);
}

function makeRelation(cell, relation) {
  cell.textContent = relation === null ? "–" : relation.toFixed(2);
  if (relation === null) return;
  const bar = make("span", "amlp-bar", cell);
  make("i", "", bar).style.width = `${100 * relation}%`;
}

function makeChoice(cell, row, types, onChoose) {
  const select = make("select", "", cell);
  select.setAttribute("aria-label", `Type of ${row.name}`);
  const found = row.detected || row.type;
  for (const type of [...new Set([found, ...types])]) {
    const option = make("option", "", select, type === found ? `${type || "?"} (found)` : type);
    option.value = type === found ? "" : type;
    option.selected = type === row.type;
  }
  select.addEventListener("change", () => onChoose(row.index, select.value));
}

function fillRow(line, row, snapshot, onChoose) {
  line.replaceChildren();
  line.toggleAttribute("data-dropped", Boolean(row.dropped));
  const head = make("th", "", line);
  head.scope = "row";
  make("bdi", "", head, row.name);
  const kind = make("td", "", line);
  if (row.is_target) kind.textContent = "target";
  else makeChoice(kind, row, snapshot.types, onChoose);
  make("small", "", kind, row.reason);
  make("td", "amlp-num", line, row.missing);
  make("td", "amlp-num", line, row.distinct);
  makePicture(make("td", "", line), row);
  const examples = make("td", "", line);
  row.examples.forEach((text, i) => {
    if (i) examples.append(" · ");
    make("bdi", "", examples, text);
  });
  if (snapshot.has_target) makeRelation(make("td", "", line), row.relation);
}

function makeTable(root, onChoose) {
  const scroll = make("div", "amlp-scroll", root);
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "group");
  scroll.setAttribute("aria-label", "Columns");
  const table = make("table", "", scroll);
  const heads = make("tr", "", make("thead", "", table));
  const body = make("tbody", "", table);
  const lines = new Map();
  return (snapshot) => {
    const titles = ["Column", "Type", "Missing", "Distinct", "Distribution", "Examples"];
    if (snapshot.has_target) titles.push("Relation to target");
    if (!heads.children.length) titles.forEach((title) => { make("th", "", heads, title).scope = "col"; });
    for (const row of snapshot.columns) {
      // A refused change leaves the row as it was, but its choice shows what was refused.
      const said = JSON.stringify(row) + (snapshot.error ? `${snapshot.seq} ${snapshot.error}` : "");
      const line = lines.get(row.index) ?? { node: make("tr", "", body), said: null };
      lines.set(row.index, line);
      if (line.said === said) continue;
      const focused = line.node.contains(document.activeElement);
      fillRow(line.node, row, snapshot, onChoose);
      line.said = said;
      if (focused) line.node.querySelector("select")?.focus();
    }
  };
}

function makeCell(root) {
  const box = make("details", "", root);
  make("summary", "", box, "The cell it stands for");
  const text = make("pre", "", box);
  const copy = make("button", "", box, "Copy");
  copy.type = "button";
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      copy.textContent = "Copied";
    } catch {
      window.getSelection()?.selectAllChildren(text); // no clipboard here: what is marked can be copied by keys
      copy.textContent = "Marked";
    }
    setTimeout(() => { copy.textContent = "Copy"; }, COPIED_MS);
  });
  return (snapshot) => {
    if (text.textContent !== snapshot.cell) text.textContent = snapshot.cell;
  };
}

function render({ model, el }) {
  instances += 1;
  const root = make("section", "amlp", el);
  root.dataset.lmSuppressShortcuts = "true";
  const head = make("p", "amlp-head", root);
  const title = make("strong", "", head);
  title.id = `amlp-live-${instances}-${Math.random().toString(36).slice(2, 8)}`;
  root.setAttribute("aria-labelledby", title.id);
  const facts = make("span", "", head);
  const target = make("div", "", root);
  const table = makeTable(root, (index, value) => model.send({ type: "set_type", index, value }));
  const error = make("p", "amlp-error", root);
  error.setAttribute("role", "alert");
  const notes = make("div", "", root);
  const cell = makeCell(root);

  function update() {
    const snapshot = model.get("snapshot");
    title.replaceChildren("Profile of ");
    make("bdi", "", title, snapshot.title);
    facts.textContent = snapshot.facts;
    target.replaceChildren();
    snapshot.target.forEach((line, i) => {
      const said = make("p", "", target);
      if (!i) make("strong", "", said, "Target: ");
      said.append(line);
    });
    table(snapshot);
    error.textContent = snapshot.error;
    notes.replaceChildren();
    for (const note of [...snapshot.notes, snapshot.hidden]) if (note) make("p", "amlp-quiet", notes, note);
    cell(snapshot);
  }

  model.on("change:snapshot", update);
  update();
  return () => {
    model.off("change:snapshot", update);
    root.remove();
  };
}

export default { render };
