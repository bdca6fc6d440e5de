// @ts-check
/** The only place that makes charts: one per canvas, in the style sheet's colours, or a sentence where it cannot. */

/** @typedef {{bar: string, soft: string, rule: string, ink: string, paper: string, family: string}} Colours */
/** @typedef {(colours: Colours) => any} Build a Chart.js configuration in given colours */

/** What the script in vendor/ puts on the page; missing where the browser refused it. */
const library = () => /** @type {any} */ (globalThis).Chart;

/** @type {Map<HTMLCanvasElement, Build>} */
const drawn = new Map();

/** The library's script is deferred and runs after ours: before the document is parsed, nobody knows if it came. */
let isParsed = false;
addEventListener("DOMContentLoaded", () => {
  isParsed = true;
  redraw();
});

const redraw = () => drawn.forEach((build, canvas) => draw(canvas, build));

/**
 * Draws, or draws anew.
 * @param {HTMLElement} canvas
 * @param {Build} build
 */
export function draw(canvas, build) {
  if (!(canvas instanceof HTMLCanvasElement)) throw new TypeError(`#${canvas.id} is no canvas`);
  drawn.set(canvas, build);
  if (!isParsed) return;
  const Chart = library();
  if (!Chart) return refuse(canvas);
  Chart.getChart(canvas)?.destroy();
  new Chart(canvas, build(colours()));
}

/** Draws everything again when light becomes dark, or the other way round. */
export function followScheme() {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}

/** @returns {Colours} */
function colours() {
  const style = getComputedStyle(document.body);
  const named = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  return {
    bar: named("bar"),
    soft: named("soft"),
    rule: named("rule"),
    ink: named("ink"),
    paper: named("paper"),
    family: style.fontFamily,
  };
}

/** @param {HTMLCanvasElement} canvas */
function refuse(canvas) {
  const words = canvas.parentElement?.querySelector(".refused");
  if (!(words instanceof HTMLElement)) return;
  canvas.hidden = true;
  words.hidden = false;
  words.textContent =
    "The chart could not be drawn: the drawing library is missing or altered. The table below has the same numbers.";
}
