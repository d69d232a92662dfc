/* ---- the panel: a job as a form ------------------------------------------------------------------------------------ */

const TYPING_MS = 300;

/* A text field that offers what there is, and takes anything. */
function makeText(root, id, field, send) {
  const input = make("input", "amlj-search", root);
  input.type = "text";
  if (field.kind === "number") input.inputMode = "decimal";
  const list = make("datalist", "", root);
  list.id = `${id}-list`;
  let timer = 0, offered = "";
  input.addEventListener("input", () => {
    clearTimeout(timer);
    // Half a path is no file: data are read when they are chosen, or when the field is left.
    if (field.kind === "data" && ![...list.options].some((option) => option.value === input.value)) return;
    timer = setTimeout(() => send(input.value), TYPING_MS);
  });
  input.addEventListener("change", () => {
    clearTimeout(timer);
    send(input.value);
  });
  return {
    control: input,
    update(next) {
      if (input.getRootNode().activeElement !== input) input.value = next.value;
      const text = JSON.stringify(next.choices);
      if (text === offered) return;
      offered = text;
      list.replaceChildren(...next.choices.map((c) => Object.assign(document.createElement("option"), { value: c.value })));
      setAttribute(input, "list", next.choices.length ? list.id : null);
    },
  };
}

function makeSelect(root, field, send) {
  const select = make("select", "amlj-select", root);
  let offered = "";
  select.addEventListener("change", () => send(select.value));
  return {
    control: select,
    update(next) {
      const choices = next.kind === "column" ? [{ value: "", label: "–" }, ...next.choices] : [...next.choices];
      if (next.value && !choices.some((c) => c.value === next.value)) choices.push({ value: next.value, label: next.value });
      const text = JSON.stringify(choices);
      if (text !== offered) {
        offered = text;
        select.replaceChildren(...choices.map((c) => Object.assign(document.createElement("option"), { value: c.value, textContent: c.label })));
      }
      if (select.value !== next.value) select.value = next.value;
    },
  };
}

function makeNames(root, field, send) {
  const box = make("details", "amlj-names-box", root);
  const summary = make("summary", "", box);
  make("span", "amlj-sr", summary, `${field.label}: `);
  const words = make("span", "", summary);
  const list = make("div", "amlj-checks", box);
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", field.label);
  let offered = "";
  const chosen = () => [...list.querySelectorAll("input:checked")].map((input) => input.value);
  return {
    control: summary,
    update(next) {
      // What was chosen and is offered no more, such as another task's algorithm, can be taken away.
      const known = new Set(next.choices.map((choice) => choice.value));
      const lost = next.value.filter((value) => !known.has(value)).map((value) => ({ value, label: value }));
      const choices = [...next.choices, ...lost];
      const text = JSON.stringify(choices);
      if (text !== offered) {
        offered = text;
        list.replaceChildren();
        for (const choice of choices) {
          const label = make("label", "", list);
          const input = make("input", "", label);
          input.type = "checkbox";
          input.value = choice.value;
          input.addEventListener("change", () => send(chosen()));
          label.append(` ${choice.label}`);
        }
      }
      for (const input of list.querySelectorAll("input")) input.checked = next.value.includes(input.value);
      setText(words, next.value.length ? next.value.join(", ") : "none chosen");
    },
  };
}

function makeField(root, id, field, send) {
  const box = make("div", "amlj-field", root);
  const label = make(field.kind === "names" ? "span" : "label", "amlj-label", box, field.label);
  const set = (value) => send({ type: "set", key: field.key, value });
  const kinds = { text: makeText, number: makeText, data: makeText };
  const made = kinds[field.kind]
    ? kinds[field.kind](box, id, field, set)
    : field.kind === "names" ? makeNames(box, field, set) : makeSelect(box, field, set);
  made.control.id = id;
  if (label.tagName === "LABEL") label.htmlFor = id;
  const help = make("div", "amlj-quiet amlj-help", box);
  help.id = `${id}-help`;
  const error = make("div", "amlj-wrong", box);
  error.id = `${id}-error`;
  error.setAttribute("role", "alert");
  return (next) => {
    made.update(next);
    setText(help, next.help);
    setText(error, next.error);
    setAttribute(made.control, "aria-invalid", next.error ? "true" : null);
    setAttribute(made.control, "aria-describedby", next.error ? error.id : next.help ? help.id : null);
  };
}

/* The types of the columns, once they have been asked for. */
function makeTypes(root, id, send) {
  const box = make("details", "amlj-notes", root);
  make("summary", "", box, "Column types");
  const wait = make("p", "amlj-quiet", box, "");
  wait.setAttribute("role", "status");
  const wrong = make("p", "amlj-wrong", box, "");
  wrong.setAttribute("role", "alert");
  const scroll = make("div", "amlj-inner-scroll", box);
  scroll.tabIndex = 0;
  const table = make("table", "amlj-plain", scroll);
  const head = make("tr", "", make("thead", "", table));
  for (const title of ["Column", "Type", "Why"]) make("th", "", head, title).scope = "col";
  const body = make("tbody", "", table);
  const rest = make("p", "amlj-quiet", box, "");
  let shown = "", known = null;
  function ask() {
    if (!box.open || !known?.can_type || known.types) return;
    setText(wait, "The columns are being looked at…");
    send({ type: "types" });
  }
  box.addEventListener("toggle", ask);
  return (snapshot) => {
    known = snapshot;
    box.hidden = !snapshot.can_type;
    setText(wrong, snapshot.types_error);
    scroll.hidden = !snapshot.types;
    setText(rest, snapshot.types?.hidden);
    if (!snapshot.types) return ask();
    setText(wait, "");
    // What is refused leaves the types as they were, but the choice shows what was refused.
    const text = JSON.stringify(snapshot.types) + (snapshot.types_error ? snapshot.seq : "");
    if (text === shown) return undefined;
    shown = text;
    const focused = body.getRootNode().activeElement?.dataset?.index;
    body.replaceChildren();
    for (const row of snapshot.types.columns) {
      const tr = make("tr", "", body);
      const th = make("th", "", tr);
      th.scope = "row";
      make("bdi", "", th, row.name);
      const cell = make("td", "", tr);
      if (row.is_target && !row.chosen) setText(cell, "target");
      else {
        const select = make("select", "amlj-select", cell);
        select.setAttribute("aria-label", `Type of ${row.name}`);
        select.dataset.index = row.index;
        // What a job was asked may be a type that is none, or the type of a column that is not there.
        for (const type of new Set([row.found, ...snapshot.types.types, row.type])) {
          const option = make("option", "", select, type !== row.found ? type : type ? `${type} (found)` : "–");
          option.value = type === row.found ? "" : type;
          option.selected = type === row.type;
        }
        select.addEventListener("change", () => send({ type: "set_type", index: row.index, value: select.value }));
        if (String(row.index) === focused) select.focus();
      }
      make("td", row.refused ? "amlj-wrong" : "amlj-quiet", tr, row.reason);
    }
    return undefined;
  };
}

/* The cell the form stands for, at all times. */
function makePreview(root) {
  const box = make("div", "amlj-code amlj-preview", root);
  const problems = make("ul", "amlj-wrong", box);
  const pre = make("pre", "", box);
  pre.tabIndex = 0;
  pre.setAttribute("aria-label", "The cell this form stands for");
  const code = make("code", "", pre);
  const bar = make("div", "amlj-tools", box);
  const insert = makeButton("amlj-main-button", bar, "Insert cell", "Put the cell below this one", async () => {
    setText(said, (await insertBelow(root, code.textContent)) ? "Inserted below; run it to begin." : "This page lets no cell be inserted; copy the text.");
  });
  makeButton("amlj-quiet-button", bar, "Copy", "Copy the cell to the clipboard", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      setText(said, "Copied.");
    } catch {
      setText(said, "This page may not copy; select the text.");
    }
  });
  const said = make("span", "amlj-quiet", bar, "");
  said.setAttribute("role", "status");
  // Where there are no cells, none can be inserted; whether there are is known once the view is on the page.
  insert.hidden = true;
  const look = () => {
    if (root.isConnected) insert.hidden = !root.closest(".jp-Cell");
  };
  const observer = new ResizeObserver(look);
  observer.observe(box);
  function update(snapshot) {
    look();
    setText(code, snapshot.cell);
    problems.hidden = !snapshot.problems.length;
    problems.replaceChildren(...snapshot.problems.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
    const n = snapshot.n_problems;
    setAttribute(insert, "title", n ? `There ${n === 1 ? "is a problem" : `are ${n} problems`} left; the cell would say so, too` : "Put the cell below this one");
  }
  return { update, close: () => observer.disconnect() };
}

function render({ model, el }) {
  instances += 1;
  const id = `amlj-panel-${instances}-${Math.random().toString(36).slice(2, 8)}`;
  const root = make("section", "amlj amlj-panel-view", el);
  root.setAttribute("aria-labelledby", id);
  root.dataset.lmSuppressShortcuts = "true";
  const title = make("div", "amlj-title", root, "New AutoML job");
  title.id = id;
  const send = (content) => model.send(content);
  const form = make("div", "amlj-form", root);
  const fields = new Map(), boxes = new Map();
  let types = null;
  function build(snapshot) {
    snapshot.sections.forEach((section, i) => {
      const box = make("details", "amlj-section", form);
      box.open = i < 3;
      boxes.set(section.title, box);
      make("summary", "", box, section.title);
      const grid = make("div", "amlj-fields", box);
      for (const field of section.fields) {
        fields.set(field.key, makeField(grid, `${id}-${field.key.replaceAll(".", "-")}`, field, send));
      }
      if (i === 0) types = makeTypes(box, id, send);
    });
  }
  const preview = makePreview(root);
  function update() {
    const snapshot = model.get("snapshot");
    if (!fields.size) build(snapshot);
    for (const section of snapshot.sections) {
      const box = boxes.get(section.title);
      if (box) box.hidden = !section.here;
      for (const field of section.fields) fields.get(field.key)?.(field);
    }
    types(snapshot);
    preview.update(snapshot);
  }
  model.on("change:snapshot", update);
  update();
  return () => {
    model.off("change:snapshot", update);
    preview.close();
    root.remove();
  };
}

export default { render };
