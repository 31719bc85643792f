// Controls, keys and the start.

function fill(select, entries) {
  select.replaceChildren(...entries.map(([value, text]) => new Option(text, value)));
}

function hasSigma() {
  return data.methods[choice.method].sigma !== null;
}

function showChoice() {
  const offered = OFFERED.filter((name) => name !== "sigma" || hasSigma());
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
  const library = loadLibrary();
  const bits = await inflated("land");
  land = new Uint8Array(grid.rows * grid.columns);
  for (let k = 0; k < land.length; k++) land[k] = (bits[k >> 3] >> (7 - (k & 7))) & 1;
  fill(element("map-method"), data.methods.map((method, k) => [String(k), method.name]));
  fill(element("map-month"), data.months.map((month, k) => [String(k), month]));
  const notes = [];
  if (data.truth === null) {
    notes.push("This is the written record. No fine truth is known, so there is no error to show. The fields that were scored, on larger cells, are in the tables and in Figure 5.");
    if (data.months.length < data.monthsInAll) notes.push(`The latest ${data.months.length} of its ${data.monthsInAll} months are shown.`);
  } else if (data.months.length < data.monthsInAll) {
    notes.push(`${data.months.length} of the ${data.monthsInAll} scored months are kept for the map; scores cover all.`);
  }
  const finest = data.layers[data.methods[data.first].mean].block;
  const coarsest = Math.max(...data.layers.filter((_, k) => k !== data.product).map((layer) => layer.block));
  if (coarsest > 1 && data.truth !== null) {
    const [fine, coarse] = [finest, coarsest].map((block) => `${Number((block * grid.latStep).toPrecision(3))}°`);
    const shown = fine === coarse ? `the map shows cells of ${fine}` : `the map shows ${data.methods[data.first].name} in cells of ${fine}, others down to ${coarse}`;
    notes.push(`To keep the page small, ${shown}; all scores are for cells of ${Number(grid.latStep.toPrecision(3))}°.`);
  }
  if (coarsest > 1 && data.truth === null) {
    const layer = (name) => data.layers[data.methods[data.first][name]]?.block ?? finest;
    const [mean, sigma] = ["mean", "sigma"].map((name) => `${Number((layer(name) * grid.latStep).toPrecision(3))}°`);
    notes.push(`To keep the page small, storage is shown in cells of ${mean} and its standard deviation in cells of ${sigma}; the file has all in cells of ${Number(grid.latStep.toPrecision(3))}°.`);
  }
  element("map-note").textContent = notes.join(" ");
  showChoice();
  await library;
  await drawMap(whole);
  listen();
}

start();
