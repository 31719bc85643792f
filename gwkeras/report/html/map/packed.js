// Fields as map_data.py has packed them: each month of a layer in an element of its own, unpacked when it is first shown.
//
// A layer is a field of every month on blocks of `block` × `block` fine cells. Row 0 is the southernmost, column 0 the westernmost.

const MOST_KEPT = 24e6; // unpacked values kept in memory

// The page may still be read while the map draws what stands before this script; an element is whole once another follows it.
const wholePage = new Promise((resolve) => {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", resolve, { once: true });
  else resolve();
});

async function packed(name) {
  const id = `field-${name}`;
  if (!element(id)?.nextElementSibling) await wholePage;
  return element(id).textContent;
}

function bytesOf(text) {
  const raw = atob(text);
  const found = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k++) found[k] = raw.charCodeAt(k);
  return found;
}

async function inflated(name) {
  const stream = new Blob([bytesOf(await packed(name))]).stream().pipeThrough(new DecompressionStream("deflate"));
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

function unpacked(number, month) {
  const layer = data.layers[number];
  const key = `${number}-${month}`;
  const { rows, columns } = sizeAt(layer.block);
  if (kept.has(key)) {
    const found = kept.get(key);
    kept.delete(key);
    kept.set(key, found);
    return found;
  }
  const promise = inflated(key).then((both) => {
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
    const size = sizeAt(data.layers[Number(oldest.split("-")[0])].block);
    keptValues -= size.rows * size.columns;
    kept.delete(oldest);
  }
  return promise;
}

