// What is folded away on the screen is shown on paper, and folded again afterwards.
const opened = new Set();
window.addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("main details:not([open]):not([hidden])")) {
    part.open = true;
    opened.add(part);
  }
});
window.addEventListener("afterprint", () => {
  for (const part of opened) part.open = false;
  opened.clear();
});
