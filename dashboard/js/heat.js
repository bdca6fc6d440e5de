// @ts-check
/** Tables of shaded squares: real tables with headers, one square in the tab order, arrows between them, one readout. */

import { el } from "./dom.js";

/** @typedef {{value: number, words: string} | null} Square null is no square at all */

const LEVELS = 5;
const MOVES = new Map([
  ["ArrowLeft", [0, -1]],
  ["ArrowRight", [0, 1]],
  ["ArrowUp", [-1, 0]],
  ["ArrowDown", [1, 0]],
]);

/**
 * @param {HTMLElement} table
 * @param {HTMLElement} readout
 * @param {object} given
 * @param {string} given.caption
 * @param {HTMLTableRowElement} given.head
 * @param {{name: string, title: string}[]} given.rows
 * @param {Square[][]} given.squares by row and column
 * @param {[number, number]} [given.at] the square in the tab order
 */
export function heat(table, readout, { caption, head, rows, squares, at = [0, 0] }) {
  const highest = Math.max(...squares.flat().map((square) => square?.value ?? 0));
  const cells = squares.map((row) => row.map((square) => cell(square, highest)));
  const body = cells.map((row, at) => el("tr", {}, rowHead(rows[at]), ...row));
  table.replaceChildren(el("caption", { class: "vh" }, caption), el("thead", {}, head), el("tbody", {}, ...body));
  readout.textContent = "Point at a square, or walk with the arrow keys, to read its number.";
  if (squares[at[0]]?.[at[1]]) cells[at[0]][at[1]].tabIndex = 0;
  listen(table, readout, cells, squares);
}

/** @param {{name: string, title: string}} row */
const rowHead = ({ name, title }) => el("th", { scope: "row", ...(name === title ? {} : { abbr: title }) }, name);

/** @param {Square} square @param {number} highest */
function cell(square, highest) {
  if (!square) return el("td", { class: "none" });
  const level = square.value ? Math.ceil((LEVELS * square.value) / highest) : 0;
  return el("td", { class: `l${level}`, tabindex: -1 }, String(square.value));
}

/**
 * @param {HTMLElement} table
 * @param {HTMLElement} readout
 * @param {HTMLTableCellElement[][]} cells
 * @param {Square[][]} squares
 */
function listen(table, readout, cells, squares) {
  /** @type {Map<EventTarget | null, [number, number]>} */
  const places = new Map(cells.flatMap((line, row) => line.map((one, column) => [one, [row, column]])));
  const read = (/** @type {Event} */ { target }) => {
    const [row, column] = places.get(target) ?? [-1, -1];
    const words = squares[row]?.[column]?.words;
    if (words) readout.textContent = words;
  };
  const walk = (/** @type {KeyboardEvent} */ event) => {
    const place = places.get(event.target);
    const move = MOVES.get(event.key);
    if (!place || !move || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const next = neighbour(squares, place, move);
    if (next) step(cells[place[0]][place[1]], cells[next[0]][next[1]]);
  };
  const signal = renewed(table);
  for (const seen of ["focusin", "pointerover", "click"]) table.addEventListener(seen, read, { signal });
  table.addEventListener("keydown", walk, { signal });
}

/** @param {HTMLElement} from @param {HTMLElement} to */
function step(from, to) {
  from.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}

/** @type {WeakMap<HTMLElement, AbortController>} */
const listening = new WeakMap();

/** @param {HTMLElement} table A signal that ends the listeners of the table's last filling. */
function renewed(table) {
  listening.get(table)?.abort();
  const controller = new AbortController();
  listening.set(table, controller);
  return controller.signal;
}

/**
 * The next square in a direction, over those that are none.
 * @param {Square[][]} squares
 * @param {[number, number]} place
 * @param {number[]} move
 * @returns {[number, number] | null}
 */
function neighbour(squares, [row, column], [down, right]) {
  for (let r = row + down, c = column + right; squares[r]?.[c] !== undefined; r += down, c += right) {
    if (squares[r][c]) return [r, c];
  }
  return null;
}
