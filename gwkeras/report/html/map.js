// The interactive map: what map_data.py has packed, drawn by Plotly. A module, so nothing here is global.
//
// A layer is a field of every month on blocks of `block` × `block` fine cells. Row 0 is the southernmost, column 0 the westernmost.
// Fields are unpacked when they are first shown, and drawn no finer than a screen can show.

const data = JSON.parse(document.getElementById("map-data").textContent);
const grid = data.grid;
const MOST_DRAWN = 300000; // cells in one picture: a globe of half degrees
const MOST_KEPT = 24e6; // unpacked values kept in memory
const DIVERGING = [
  [0, "#67001f"], [0.1, "#b2182b"], [0.2, "#d6604d"], [0.3, "#f4a582"], [0.4, "#fddbc7"], [0.5, "#f7f7f7"],
  [0.6, "#d1e5f0"], [0.7, "#92c5de"], [0.8, "#4393c3"], [0.9, "#2166ac"], [1, "#053061"],
]; // ColorBrewer's RdBu: depletion red, gain blue, and told apart by colour-blind readers
const QUANTITIES = {
  mean: { label: "Storage", unit: "storage anomaly, mm", meaning: "Downscaled groundwater storage anomaly." },
  sigma: { label: "Standard deviation", unit: "standard deviation, mm", meaning: "How far off the method says it may be (one standard deviation)." },
  detail: { label: "Detail", unit: "detail, mm", meaning: `What the method shows beyond ${data.detailOf} interpolation of the product.` },
  error: { label: "Error", unit: "error, mm", meaning: `The method less what it is judged by: ${data.judgedBy}.` },
  truth: { label: "What it is judged by", unit: "storage anomaly, mm", meaning: `What methods are judged by: ${data.judgedBy}.` },
  product: { label: "The product", unit: "storage anomaly, mm", meaning: "The satellite's product on its own cells." },
};

const element = (id) => document.getElementById(id);
const plot = element("map-plot");
const series = element("map-series");
const choice = { quantity: "mean", method: data.first, month: 0, cell: null };
const phone = window.matchMedia("(max-width: 40rem)");

// ---- unpacking -------------------------------------------------------------------------------------------------------------

function bytesOf(text) {
  const raw = atob(text);
  const found = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k++) found[k] = raw.charCodeAt(k);
  return found;
}

async function inflated(text) {
  const stream = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const sizeAt = (block) => ({ rows: Math.ceil(grid.rows / block), columns: Math.ceil(grid.columns / block) });

let land = null; // Uint8Array, 1 for fine cells with land
const masks = new Map();

function maskAt(block) {
  if (!masks.has(block)) {
    const { rows, columns } = sizeAt(block);
    const mask = new Uint8Array(rows * columns);
    for (let r = 0; r < grid.rows; r++) {
      const row = Math.floor(r / block) * columns;
      for (let c = 0; c < grid.columns; c++) if (land[r * grid.columns + c]) mask[row + Math.floor(c / block)] = 1;
    }
    masks.set(block, mask);
  }
  return masks.get(block);
}

const kept = new Map(); // layer and month -> promise of a field, the latest used last
let keptValues = 0;

function unpacked(layer, month) {
  const key = `${data.layers.indexOf(layer)}/${month}`;
  const { rows, columns } = sizeAt(layer.block);
  if (kept.has(key)) {
    const found = kept.get(key);
    kept.delete(key);
    kept.set(key, found);
    return found;
  }
  const promise = inflated(layer.months[month]).then((both) => {
    const count = both.length / 2;
    const mask = maskAt(layer.block);
    const values = new Float32Array(rows * columns).fill(NaN);
    let whole = 0;
    let k = 0;
    for (let i = 0; i < mask.length; i++) {
      if (!mask[i]) continue;
      whole = ((whole + (both[k] | (both[count + k] << 8))) << 16) >> 16; // a sum modulo 2^16, with its sign
      if (whole !== -32768) values[i] = whole * layer.step;
      k++;
    }
    return { block: layer.block, rows, columns, values };
  });
  kept.set(key, promise);
  keptValues += rows * columns;
  for (const oldest of kept.keys()) {
    if (keptValues <= MOST_KEPT || oldest === key) break;
    const layerOf = data.layers[Number(oldest.split("/")[0])] ?? data.product;
    const size = sizeAt(layerOf.block);
    keptValues -= size.rows * size.columns;
    kept.delete(oldest);
  }
  return promise;
}

// ---- fields ----------------------------------------------------------------------------------------------------------------

// Means over blocks of land cells; what is coarser already stays as it is.
function coarsened(field, block) {
  if (field.block >= block || block % field.block) return field;
  const ratio = block / field.block;
  const { rows, columns } = sizeAt(block);
  const sums = new Float64Array(rows * columns);
  const counts = new Uint32Array(rows * columns);
  for (let r = 0; r < field.rows; r++) {
    for (let c = 0; c < field.columns; c++) {
      const value = field.values[r * field.columns + c];
      if (Number.isNaN(value)) continue;
      const k = Math.floor(r / ratio) * columns + Math.floor(c / ratio);
      sums[k] += value;
      counts[k]++;
    }
  }
  const values = new Float32Array(rows * columns);
  for (let k = 0; k < values.length; k++) values[k] = counts[k] ? sums[k] / counts[k] : NaN;
  return { block, rows, columns, values };
}

function difference(a, b) {
  const block = Math.max(a.block, b.block);
  const [x, y] = [coarsened(a, block), coarsened(b, block)];
  return { ...x, values: x.values.map((value, k) => value - y.values[k]) };
}

const layerOf = (name, method) => {
  if (name === "product") return data.product;
  if (name === "truth") return data.layers[data.truth];
  const number = data.methods[method][name];
  return number === null ? null : data.layers[number];
};

async function fieldOf(quantity, method, month) {
  const get = async (name, of = method) => {
    const layer = layerOf(name, of);
    return layer === null ? null : unpacked(layer, month);
  };
  if (quantity === "error") return difference(await get("mean"), await get("truth"));
  if (quantity === "detail") return difference(await get("mean"), await get("mean", smoothMethod()));
  return get(quantity);
}

const smoothMethod = () => data.methods.findIndex((method) => method.name === data.detailOf);

function valueAt(field, row, column) {
  if (field === null) return NaN;
  return field.values[Math.floor(row / field.block) * field.columns + Math.floor(column / field.block)];
}

// ---- drawing the map -------------------------------------------------------------------------------------------------------

const northOf = (row) => grid.south + row * grid.latStep;
const eastOf = (column) => grid.west + column * grid.lonStep;
const whole = { south: grid.south, north: northOf(grid.rows), west: grid.west, east: eastOf(grid.columns) };

function inView() {
  const layout = plot.layout;
  if (!layout?.xaxis?.range) return whole;
  const [west, east] = layout.xaxis.range;
  const [south, north] = layout.yaxis.range;
  return {
    south: Math.max(whole.south, south),
    north: Math.min(whole.north, north),
    west: Math.max(whole.west, west),
    east: Math.min(whole.east, east),
  };
}

// The part of a field that is seen, as coarse as it has to be.
function drawable(field, view) {
  let shown = field;
  const cells = ((view.north - view.south) / grid.latStep) * ((view.east - view.west) / grid.lonStep);
  while (cells / shown.block ** 2 > MOST_DRAWN) shown = coarsened(shown, shown.block * 2);
  const [height, width] = [shown.block * grid.latStep, shown.block * grid.lonStep];
  const first = Math.max(0, Math.floor((view.south - grid.south) / height) - 1);
  const last = Math.min(shown.rows, Math.ceil((view.north - grid.south) / height) + 1);
  const left = Math.max(0, Math.floor((view.west - grid.west) / width) - 1);
  const right = Math.min(shown.columns, Math.ceil((view.east - grid.west) / width) + 1);
  const z = [];
  for (let r = first; r < last; r++) {
    z.push(Array.from(shown.values.subarray(r * shown.columns + left, r * shown.columns + right), (v) => (Number.isNaN(v) ? null : v)));
  }
  return { z, x0: grid.west + (left + 0.5) * width, dx: width, y0: grid.south + (first + 0.5) * height, dy: height };
}

// Edges between land and what is not, as one broken line.
function coastline() {
  let block = 1;
  while ((grid.rows * grid.columns) / block ** 2 > MOST_DRAWN) block *= 2;
  const mask = maskAt(block);
  const { rows, columns } = sizeAt(block);
  const x = [];
  const y = [];
  const at = (r, c) => mask[r * columns + c];
  const line = (c1, r1, c2, r2) => {
    x.push(eastOf(c1 * block), eastOf(c2 * block), null);
    y.push(northOf(r1 * block), northOf(r2 * block), null);
  };
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      if (c + 1 < columns && at(r, c) !== at(r, c + 1)) line(c + 1, r, c + 1, r + 1);
      if (r + 1 < rows && at(r, c) !== at(r + 1, c)) line(c, r + 1, c + 1, r + 1);
    }
  }
  return { x, y, type: "scatter", mode: "lines", line: { color: "#333", width: 0.8 }, hoverinfo: "skip", showlegend: false };
}

function colours() {
  const { quantity } = choice;
  const span = data.spans[quantity === "truth" || quantity === "product" ? "mean" : quantity];
  if (quantity === "sigma") return { colorscale: "Viridis", zmin: 0, zmax: span };
  return { colorscale: DIVERGING, zmin: -span, zmax: span };
}

// Plotly takes tags in texts for formatting; a method's name is to be shown as it is.
const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

const titled = (text) => ({
  text: plain(text),
  font: { size: phone.matches ? 13 : 16 },
  x: 0,
  xref: "container",
  xanchor: "left",
  y: 1,
  yref: "container",
  yanchor: "top",
  pad: { l: 8, t: 10 },
});

// Nothing that leaves the page: neither links nor uploads.
const OPTIONS = {
  responsive: true,
  displaylogo: false,
  scrollZoom: false,
  modeBarButtons: [["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "toImage"]],
};

// Below the map at every width: Plotly does not turn a bar round once it is drawn.
const colourBar = () => ({
  orientation: "h",
  thickness: 12,
  len: phone.matches ? 0.9 : 0.6,
  yref: "container",
  y: 0,
  yanchor: "bottom",
  title: { text: QUANTITIES[choice.quantity].unit, side: "bottom" },
});

// Plotly draws one thing after the other: a second call before the first has ended would leave parts of both.
let drawing = Promise.resolve();

function drawOnto(place, traces, layout) {
  const draw = () => window.Plotly.react(place, traces, layout, OPTIONS);
  drawing = drawing.then(draw, draw);
  return drawing;
}

let asked = 0; // the latest drawing wins, however long an earlier one takes
let coast = null;

async function drawMap(view = inView()) {
  const number = ++asked;
  const field = await fieldOf(choice.quantity, choice.method, choice.month);
  if (number !== asked || field === null) return;
  const month = data.months[choice.month];
  const map = {
    type: "heatmap",
    ...drawable(field, view),
    ...colours(),
    colorbar: colourBar(),
    hovertemplate: "%{z:.1f} mm<extra></extra>",
    hoverongaps: false,
  };
  coast ??= coastline();
  const cell = choice.cell;
  const mark = {
    type: "scatter",
    mode: "markers",
    x: cell ? [eastOf(cell.column + 0.5)] : [],
    y: cell ? [northOf(cell.row + 0.5)] : [],
    marker: { symbol: "square-open", size: 13, color: "#000", line: { width: 2.5 } },
    hoverinfo: "skip",
    showlegend: false,
  };
  const name = choice.quantity === "truth" || choice.quantity === "product" ? "" : `, ${data.methods[choice.method].name}`;
  const middle = Math.cos((((whole.south + whole.north) / 2) * Math.PI) / 180);
  const axes = plot.layout
    ? { x: plot.layout.xaxis.range, y: plot.layout.yaxis.range }
    : { x: [whole.west, whole.east], y: [whole.south, whole.north] };
  const layout = {
    title: titled(`${QUANTITIES[choice.quantity].label}${name}, ${month}`),
    margin: { l: phone.matches ? 48 : 60, r: 12, t: 44, b: 110 },
    xaxis: { title: { text: "longitude, °E" }, range: axes.x, constrain: "domain", zeroline: false },
    yaxis: { title: { text: "latitude, °N" }, range: axes.y, scaleanchor: "x", scaleratio: 1 / Math.max(middle, 0.2), constrain: "domain", zeroline: false },
    plot_bgcolor: "#e3e7ea",
    dragmode: phone.matches ? false : "zoom",
    font: { family: "inherit" },
  };
  await drawOnto(plot, [map, coast, mark], layout);
  element("map-meaning").textContent = QUANTITIES[choice.quantity].meaning;
  document.body.dataset.map = `${choice.quantity}/${choice.method}/${month}`;
}

// ---- one cell --------------------------------------------------------------------------------------------------------------

const inMm = (value) => (Number.isNaN(value) ? "unknown" : `${value.toFixed(1)} mm`.replace("-", "−"));

function place(cell) {
  const lat = northOf(cell.row + 0.5);
  const lon = ((eastOf(cell.column + 0.5) + 540) % 360) - 180;
  return `${Math.abs(lat).toFixed(3)}° ${lat < 0 ? "S" : "N"}, ${Math.abs(lon).toFixed(3)}° ${lon < 0 ? "W" : "E"}`;
}

function cellAt(x, y) {
  const row = Math.floor((y - grid.south) / grid.latStep);
  const column = Math.floor((x - grid.west) / grid.lonStep);
  return row >= 0 && column >= 0 && row < grid.rows && column < grid.columns ? { row, column } : null;
}

async function monthOf(cell, month) {
  const method = choice.method;
  const names = ["mean", "sigma", "truth", "product"];
  const fields = await Promise.all([...names.map((name) => fieldOf(name, method, month)), fieldOf("mean", smoothMethod(), month)]);
  const [mean, sigma, truth, product, smooth] = fields.map((field) => valueAt(field, cell.row, cell.column));
  return { mean, sigma, truth, product, smooth };
}

let said = 0;

async function sayValues(cell) {
  const number = ++said;
  const found = await monthOf(cell, choice.month);
  if (number !== said) return;
  const method = data.methods[choice.method];
  const parts = [`${place(cell)}, ${data.months[choice.month]}`];
  if (Number.isNaN(found.mean)) parts.push("no land, or not known");
  else {
    parts.push(`${method.name} ${inMm(found.mean)}`);
    if (!Number.isNaN(found.sigma)) parts.push(`σ ${inMm(found.sigma)}`);
    if (!Number.isNaN(found.sigma) && method.factor !== null) {
      const half = method.factor * found.sigma;
      parts.push(`${Math.round(100 * method.probability)} % between ${inMm(found.mean - half)} and ${inMm(found.mean + half)}`);
    }
    parts.push(`judged by ${inMm(found.truth)}`, `error ${inMm(found.mean - found.truth)}`, `product ${inMm(found.product)}`);
    parts.push(`detail ${inMm(found.mean - found.smooth)}`);
  }
  element("map-values").textContent = `${parts.join("; ")}.`;
}

const monthNumber = (text) => Number(text.slice(0, 4)) * 12 + Number(text.slice(5, 7));

let drawn = 0;

async function drawSeries(cell) {
  const number = ++drawn;
  const found = [];
  for (let month = 0; month < data.months.length; month++) {
    found.push({ month: data.months[month], ...(await monthOf(cell, month)) });
    if (number !== drawn) return;
  }
  const method = data.methods[choice.method];
  const rows = [];
  for (const each of found) {
    const before = rows.at(-1);
    if (before && monthNumber(each.month) - monthNumber(before.month) > 1) rows.push({ month: before.month, gap: true });
    rows.push(each);
  }
  const x = rows.map((row) => `${row.month}-15`);
  const line = (name, get, style, extra = {}) => ({
    type: "scatter",
    mode: "lines+markers",
    name,
    x,
    y: rows.map((row) => (row.gap || Number.isNaN(get(row)) ? null : get(row))),
    line: { width: 2, ...style },
    marker: { size: 4 },
    hovertemplate: "%{y:.1f} mm",
    connectgaps: false,
    ...extra,
  });
  const traces = [];
  if (method.factor !== null && found.some((row) => !Number.isNaN(row.sigma))) {
    traces.push(...bands(rows, x, method));
  }
  traces.push(
    line("product", (row) => row.product, { color: "#777", dash: "dot" }),
    line("judged by", (row) => row.truth, { color: "#000" }),
    line(plain(method.name), (row) => row.mean, { color: "#0072b2" }),
  );
  const layout = {
    title: titled(`Series at ${place(cell)}`),
    margin: { l: 60, r: 10, t: 44, b: 40 },
    xaxis: { type: "date", hoverformat: "%B %Y" },
    yaxis: { title: { text: "storage anomaly, mm" }, zeroline: true, zerolinecolor: "#999" },
    legend: { orientation: "h", y: -0.2 },
    hovermode: "x unified",
    dragmode: phone.matches ? false : "zoom",
    font: { family: "inherit" },
  };
  await drawOnto(series, traces, layout);
  fillTable(found, method);
  document.body.dataset.series = place(cell);
}

// One filled outline for each stretch of months, since a fill does not stop at gaps.
function bands(rows, x, method) {
  const stretches = [[]];
  rows.forEach((row, k) => {
    if (row.gap || Number.isNaN(row.sigma) || Number.isNaN(row.mean)) stretches.push([]);
    else stretches.at(-1).push({ x: x[k], low: row.mean - method.factor * row.sigma, high: row.mean + method.factor * row.sigma });
  });
  return stretches
    .filter((stretch) => stretch.length)
    .map((stretch, k) => ({
      type: "scatter",
      mode: "lines",
      name: `${Math.round(100 * method.probability)} % interval`,
      legendgroup: "interval",
      showlegend: k === 0,
      x: [...stretch.map((s) => s.x), ...stretch.map((s) => s.x).reverse()],
      y: [...stretch.map((s) => s.high), ...stretch.map((s) => s.low).reverse()],
      fill: "toself",
      fillcolor: "rgba(0, 114, 178, 0.2)",
      line: { color: "rgba(0, 114, 178, 0.35)", width: 1 },
      hoverinfo: "skip",
    }));
}

function fillTable(found, method) {
  const table = element("series-table");
  table.replaceChildren();
  const head = table.createTHead().insertRow();
  for (const heading of ["month", `${method.name} mm`, "σ mm", "judged by mm", "product mm"]) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = heading;
    head.append(cell);
  }
  const body = table.createTBody();
  for (const each of found) {
    const row = body.insertRow();
    const name = document.createElement("th");
    name.scope = "row";
    name.textContent = each.month;
    row.append(name);
    for (const value of [each.mean, each.sigma, each.truth, each.product]) {
      row.insertCell().textContent = Number.isNaN(value) ? "–" : value.toFixed(1).replace("-", "−");
    }
  }
  element("series-details").hidden = false;
}

async function choose(cell) {
  if (cell === null) return;
  choice.cell = cell;
  await Promise.all([drawMap(), sayValues(cell), drawSeries(cell)]);
}

// ---- controls --------------------------------------------------------------------------------------------------------------

function fill(select, entries) {
  select.replaceChildren(...entries.map(([value, text]) => new Option(text, value)));
}

function hasSigma() {
  return data.methods[choice.method].sigma !== null;
}

function showChoice() {
  const offered = Object.keys(QUANTITIES).filter((name) => name !== "sigma" || hasSigma());
  if (!offered.includes(choice.quantity)) choice.quantity = "mean";
  fill(element("map-quantity"), offered.map((name) => [name, QUANTITIES[name].label]));
  element("map-quantity").value = choice.quantity;
  element("map-method").value = String(choice.method);
  element("map-month").value = String(choice.month);
  element("map-previous").disabled = choice.month === 0;
  element("map-next").disabled = choice.month === data.months.length - 1;
}

async function changed({ sameCell = true, sameMethod = true } = {}) {
  showChoice();
  const work = [drawMap()];
  if (choice.cell && sameCell) work.push(sayValues(choice.cell));
  if (choice.cell && !sameMethod) work.push(drawSeries(choice.cell));
  await Promise.all(work);
}

function listen() {
  element("map-quantity").addEventListener("change", (event) => {
    choice.quantity = event.target.value;
    changed();
  });
  element("map-method").addEventListener("change", (event) => {
    choice.method = Number(event.target.value);
    changed({ sameMethod: false });
  });
  element("map-month").addEventListener("change", (event) => {
    choice.month = Number(event.target.value);
    changed();
  });
  for (const [id, step] of [["map-previous", -1], ["map-next", 1]]) {
    element(id).addEventListener("click", () => {
      choice.month = Math.min(data.months.length - 1, Math.max(0, choice.month + step));
      changed();
    });
  }
  element("map-whole").addEventListener("click", async () => {
    await window.Plotly.relayout(plot, { "xaxis.range": [whole.west, whole.east], "yaxis.range": [whole.south, whole.north] });
    drawMap(whole);
  });
  plot.addEventListener("keydown", (event) => {
    const steps = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (!(event.key in steps) || event.target !== plot) return;
    event.preventDefault();
    const cell = choice.cell ?? middleOfLand();
    const [up, right] = choice.cell ? steps[event.key] : [0, 0];
    const step = event.shiftKey ? 10 : 1;
    choose({
      row: Math.min(grid.rows - 1, Math.max(0, cell.row + step * up)),
      column: Math.min(grid.columns - 1, Math.max(0, cell.column + step * right)),
    });
  });
  plot.on("plotly_hover", (event) => sayValues(cellAt(event.points[0].x, event.points[0].y)));
  plot.on("plotly_unhover", () => choice.cell && sayValues(choice.cell));
  plot.on("plotly_click", (event) => choose(cellAt(event.points[0].x, event.points[0].y)));
  let waiting = 0;
  plot.on("plotly_relayout", (event) => {
    if (!Object.keys(event).some((key) => key.startsWith("xaxis.range") || key.startsWith("xaxis.autorange"))) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => drawMap(), 120); // as fine as the new view allows
  });
  phone.addEventListener("change", () => drawMap());
}

// The land cell nearest to the middle: where a reader without a mouse begins.
function middleOfLand() {
  const [row, column] = [grid.rows / 2, grid.columns / 2];
  let best = { row: Math.floor(row), column: Math.floor(column) };
  let least = Infinity;
  for (let k = 0; k < land.length; k++) {
    if (!land[k]) continue;
    const [r, c] = [Math.floor(k / grid.columns), k % grid.columns];
    const distance = (r - row) ** 2 + (c - column) ** 2;
    if (distance < least) [least, best] = [distance, { row: r, column: c }];
  }
  return best;
}

async function start() {
  if (!("DecompressionStream" in window)) {
    element("map-values").textContent = "This browser is too old for the map (it needs one of 2023 or later). All tables and figures are below.";
    return;
  }
  const bits = await inflated(data.land);
  land = new Uint8Array(grid.rows * grid.columns);
  for (let k = 0; k < land.length; k++) land[k] = (bits[k >> 3] >> (7 - (k & 7))) & 1;
  fill(element("map-method"), data.methods.map((method, k) => [String(k), method.name]));
  fill(element("map-month"), data.months.map((month, k) => [String(k), month]));
  const notes = [];
  if (data.months.length < data.judgedMonths) {
    notes.push(`${data.months.length} of the ${data.judgedMonths} months that were judged are kept for the map; scores are of all.`);
  }
  const finest = data.layers[data.methods[data.first].mean].block;
  const coarsest = Math.max(...data.layers.map((layer) => layer.block));
  if (coarsest > 1) {
    const [fine, coarse] = [finest, coarsest].map((block) => `${Number((block * grid.latStep).toPrecision(3))}°`);
    const shown = fine === coarse ? `the map shows cells of ${fine}` : `the map shows ${data.methods[data.first].name} in cells of ${fine}, others down to ${coarse}`;
    notes.push(`To keep the page small, ${shown}; all scores are of cells of ${Number(grid.latStep.toPrecision(3))}°.`);
  }
  element("map-note").textContent = notes.join(" ");
  showChoice();
  await drawMap(whole);
  listen();
}

start();
