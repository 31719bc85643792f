// The map itself, no finer than a screen can show.

const MOST_DRAWN = 300000; // cells in one picture: a globe of half degrees

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

// The library is read only after the page's words have been drawn: it is larger than all of them.
async function loadLibrary() {
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const script = document.createElement("script");
  script.src = URL.createObjectURL(new Blob([element("plotly").textContent], { type: "text/javascript" }));
  await new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
  URL.revokeObjectURL(script.src);
}

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
  element("map-meaning").textContent = `${QUANTITIES[choice.quantity].meaning} Grey: sea, or not known.`;
  document.body.dataset.map = `${choice.quantity}/${choice.method}/${month}`;
}

