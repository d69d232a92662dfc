/* ---- chart: the best score so far ------------------------------------------------------------------------------- */

const CHART = { height: 130, left: 58, right: 12, top: 10, bottom: 22 };

/* They are counted: in a range of few floats, adding the step changes nothing, and an end is never reached. */
function ticksOf(low, high, most) {
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((s) => s * power).find((s) => s >= rough) ?? 10 * power;
  const first = Math.ceil(low / step), n = Math.floor(high / step + 1e-9) - first + 1;
  const ticks = Array.from({ length: Math.max(0, Math.min(n, 2 * most)) }, (_, i) => (first + i) * step);
  return { ticks, power: Math.floor(Math.log10(step) + 1e-9) };
}

/* A tick with the digits that tell it from the next one; `power` is that of their distance. */
function tickWords(value, power) {
  if (value === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(value)) + 1e-9);
  if (size < 6 && (power > -7 || size > -4)) return value.toFixed(Math.max(0, Math.min(8, -power)));
  return value.toExponential(Math.max(1, Math.min(8, size - power)));
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
    // The first score is the baseline's, often far off: the room belongs to what came after, and its line is cut.
    const after = values.length > 2 ? values.slice(1) : values;
    let low = Math.min(...after), high = Math.max(...after);
    // Means of folds may differ by rounding alone: these are one score, and its range is one that can be drawn.
    const spread = high - low, size = Math.max(Math.abs(low), Math.abs(high));
    const pad = (spread > size * 1e-7 ? spread * 0.08 : size * 0.02) || 0.5;
    low -= pad;
    high += pad;
    const x = (t) => CHART.left + ((width - CHART.left - CHART.right) * t) / end;
    const room = CHART.height - CHART.top - CHART.bottom;
    const y = (v) => CHART.height - CHART.bottom - Math.min(room, Math.max(0, (room * (v - low)) / (high - low)));
    const { ticks, power } = ticksOf(low, high, 4);
    for (const t of ticks) {
      makeSvg("line", { x1: CHART.left, x2: width - CHART.right, y1: y(t), y2: y(t) }, grid);
      const label = makeSvg("text", { x: CHART.left - 6, y: y(t) + 4, "text-anchor": "end" }, grid);
      label.textContent = tickWords(t, power);
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
