/* ---- one model: metrics, charts, pipeline, code ----------------------------------------------------------------- */

function isDark(node) {
  const light = document.body.dataset.jpThemeLight;
  if (light) return light === "false";
  const [r, g, b] = getComputedStyle(node).color.match(/\d+/g).map(Number);  // the words' colour tells the background's
  return r + g + b > 382;
}

function makeMetrics(root, metrics) {
  const scroll = make("div", "amlj-inner-scroll", root);
  scroll.tabIndex = 0;
  const table = make("table", "amlj-plain", scroll);
  const head = make("tr", "", make("thead", "", table));
  const n = Math.max(0, ...metrics.map((m) => m.folds.length));
  for (const title of ["Metric", "Mean", ...Array.from({ length: n }, (_, i) => `Fold ${i + 1}`)]) {
    make("th", title === "Metric" ? "" : "amlj-num", head, title).scope = "col";
  }
  const body = make("tbody", "", table);
  for (const metric of metrics) {
    const tr = make("tr", "", body);
    make("th", "", tr, metric.name).scope = "row";
    for (const value of [metric.value, ...metric.folds]) make("td", "amlj-num", tr, number(value));
  }
}

function makeCharts(root, page, key, ask) {
  const bar = make("div", "amlj-tools", root);
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Charts");
  const columns = make("select", "amlj-select", null);
  columns.setAttribute("aria-label", page.pick);
  page.columns.forEach((name, i) => (make("option", "", columns, name).value = i));
  const figure = make("figure", "amlj-figure", root);
  const wait = make("p", "amlj-quiet", figure, "");
  wait.setAttribute("role", "status");
  const image = make("img", "", figure);
  const caption = make("figcaption", "amlj-quiet", figure);
  image.hidden = true;
  let asked = 0;
  let shown = null;
  async function show(chart) {
    const mine = (asked += 1);
    for (const button of bar.querySelectorAll("button")) {
      setAttribute(button, "aria-pressed", button.dataset.chart === chart.name ? "true" : "false");
    }
    shown = chart;
    if (!chart.picks) columns.remove();
    else if (!columns.isConnected) bar.append(columns);  // moved, it would lose the focus
    setText(wait, `${chart.title} is being drawn…`);
    const column = chart.picks ? Number(columns.value) : null;
    const found = await ask({ what: "chart", model: key, chart: chart.name, dark: isDark(root), column });
    if (mine !== asked) return;
    setText(wait, found.error ?? "");
    image.hidden = !found.png;
    setText(caption, found.says ?? "");
    if (!found.png) return;
    image.alt = found.says;
    image.src = `data:image/png;base64,${found.png}`;
  }
  for (const chart of page.charts) {
    const button = makeButton("amlj-chip", bar, chart.title, "", () => show(chart));
    button.dataset.chart = chart.name;
    button.setAttribute("aria-pressed", "false");
  }
  columns.addEventListener("change", () => show(shown));
  if (page.charts.length) show(page.charts[0]);
}

/* Tabs over what is known of one model; the kernel is asked when the page is opened first. */
function makeModelPage(root, id, key, ask) {
  const box = make("div", "amlj-model", root);
  const wait = make("p", "amlj-quiet", box, "The model is being read…");
  wait.setAttribute("role", "status");

  const named = (m) => (m.weight === null ? m.label : `${m.label} × ${m.weight.toFixed(2)}`);
  function fill(page) {
    wait.remove();
    const tabs = make("div", "amlj-tabs", box);
    tabs.setAttribute("role", "tablist");
    const panel = make("div", "amlj-panel", box);
    panel.setAttribute("role", "tabpanel");
    panel.id = `${id}-panel`;
    const members = page.members.length > 1 ? page.members.map(named).join(", ") : "";
    const kinds = [
      ["Charts", () => makeCharts(panel, page, key, ask)],
      ["Metrics", () => makeMetrics(panel, page.metrics)],
      ["Pipeline", () => {
        if (members) make("p", "", panel, `Members: ${members}`);
        const diagram = make("iframe", "amlj-diagram", panel);
        diagram.title = "Pipeline of the model";
        diagram.setAttribute("sandbox", "");  // a page of its own in which nothing can run
        const { color, fontFamily } = getComputedStyle(root);
        diagram.srcdoc = `<style>body { margin: 0; color: ${color}; font: 13px ${fontFamily.replaceAll("<", "")}; }</style>${page.diagram}`;
      }],
      ["Code", () => makeCode(panel, page.code)],
    ];
    const buttons = kinds.map(([title, show], i) => {
      const tab = makeButton("amlj-tab", tabs, title, "", () => choose(i));
      tab.setAttribute("role", "tab");
      tab.id = `${id}-tab-${i}`;
      tab.setAttribute("aria-controls", panel.id);
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        const next = (i + step + kinds.length) % kinds.length;
        choose(next);
        buttons[next].focus();
      });
      return tab;
    });
    function choose(i) {
      buttons.forEach((tab, j) => {
        tab.setAttribute("aria-selected", String(i === j));
        tab.tabIndex = i === j ? 0 : -1;
      });
      panel.setAttribute("aria-labelledby", buttons[i].id);
      panel.replaceChildren();
      kinds[i][1]();
    }
    choose(0);
  }

  let failed = false, gone = false;
  ask({ what: "model", model: key }).then((page) => {
    failed = Boolean(page.error);
    if (gone) return;
    if (failed) setText(wait, page.error);
    else fill(page);
  });
  return {
    get failed() { return failed; },
    remove() {
      gone = true;
      box.remove();
    },
  };
}
