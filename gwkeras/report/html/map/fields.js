// Fields as they are shown: single layers, and differences of two.

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

// The number of a layer; null where there is none.
const layerOf = (name, method) => (name === "product" || name === "truth" ? data[name] : data.methods[method][name]);

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

