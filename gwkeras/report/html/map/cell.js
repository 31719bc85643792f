// One cell: its values, its series and their table.

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
  const fields = await Promise.all(names.map((name) => fieldOf(name, method, month)));
  const [mean, sigma, truth, product] = fields.map((field) => valueAt(field, cell.row, cell.column));
  return { mean, sigma, truth, product };
}

let said = 0;

async function sayValues(cell) {
  const number = ++said;
  const [found, detail] = await Promise.all([monthOf(cell, choice.month), fieldOf("detail", choice.method, choice.month)]);
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
    if (data.truth !== null) parts.push(`${data.judgedShort} ${inMm(found.truth)}`, `error ${inMm(found.mean - found.truth)}`);
    if (data.product !== null) parts.push(`product ${inMm(found.product)}`, `detail ${inMm(valueAt(detail, cell.row, cell.column))}`);
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
  if (data.product !== null) traces.push(line("product", (row) => row.product, { color: "#777", dash: "dot" }));
  if (data.truth !== null) traces.push(line(data.judgedShort, (row) => row.truth, { color: "#000" }));
  traces.push(line(plain(method.name), (row) => row.mean, { color: "#0072b2" }));
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
  const columns = [["mean", method.name], ["sigma", "σ"]];
  if (data.truth !== null) columns.push(["truth", data.judgedShort]);
  if (data.product !== null) columns.push(["product", "product"]);
  for (const heading of ["month", ...columns.map(([, title]) => `${title} mm`)]) {
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
    for (const value of columns.map(([name]) => each[name])) {
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

