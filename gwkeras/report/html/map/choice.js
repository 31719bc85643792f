// What the map can show, and what is chosen. The files of this folder are one module, in the order that render.py names.

const data = JSON.parse(document.getElementById("map-data").textContent);
const grid = data.grid;
const DIVERGING = [
  [0, "#67001f"], [0.1, "#b2182b"], [0.2, "#d6604d"], [0.3, "#f4a582"], [0.4, "#fddbc7"], [0.5, "#f7f7f7"],
  [0.6, "#d1e5f0"], [0.7, "#92c5de"], [0.8, "#4393c3"], [0.9, "#2166ac"], [1, "#053061"],
]; // ColorBrewer's RdBu: depletion red, gain blue, and told apart by colour-blind readers
const QUANTITIES = {
  mean: { label: "Storage", unit: "storage anomaly, mm", meaning: "Downscaled groundwater storage anomaly." },
  sigma: { label: "Standard deviation", unit: "standard deviation, mm", meaning: "The method's stated uncertainty (one standard deviation)." },
  detail: { label: "Detail", unit: "detail, mm", meaning: `What the method shows beyond ${data.detailOf} interpolation of the product.` },
  error: { label: "Error", unit: "error, mm", meaning: `The method minus the field used for scoring: ${data.judgedBy}.` },
  truth: { label: `Used for scoring (${data.judgedShort})`, unit: "storage anomaly, mm", meaning: `The field used for scoring: ${data.judgedBy}.` },
  product: { label: "The product", unit: "storage anomaly, mm", meaning: "The satellite's product on its own cells." },
};

const OFFERED = Object.keys(QUANTITIES).filter((name) => {
  if (name === "error" || name === "truth") return data.truth !== null;
  return data.product !== null || (name !== "product" && name !== "detail");
});

const element = (id) => document.getElementById(id);
const plot = element("map-plot");
const series = element("map-series");
const choice = { quantity: "mean", method: data.first, month: 0, cell: null };
const phone = window.matchMedia("(max-width: 40rem)");

