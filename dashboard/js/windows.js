// @ts-check
/** Which span is looked at: six buttons, keys 1 to 6, a choice of years, and the address, so that one can go back. */

import { addDays, wallClock } from "./calendar.js";
import { byId, el, say } from "./dom.js";
import { days } from "./format.js";

/** @typedef {import("./types.js").WindowName} WindowName */

/** @type {WindowName[]} */
const NAMES = ["1d", "7d", "30d", "90d", "365d", "all"];
/** @type {WindowName} */
const FIRST = "30d";

/** @param {import("./types.js").Document} doc @param {WindowName} name */
export const spanOf = (doc, name) => doc.windows[name] ?? doc.years[name];

/** @param {WindowName} name */
export const isYear = (name) => /^\d{4}$/.test(name);

/** @param {WindowName[]} names @returns {WindowName | null} The one in the address; other fragments name none. */
const named = (names) => names.find((name) => `#${name}` === location.hash) ?? (location.hash ? null : FIRST);

/**
 * Calls `show` now and whenever another span is chosen.
 * @param {import("./types.js").Document} doc
 * @param {(name: WindowName) => void} show
 */
export function startWindows(doc, show) {
  const years = Object.keys(doc.years).sort().reverse();
  const names = [...NAMES, ...years];
  const choice = offer(years);
  /** @type {WindowName | null} */
  let current = null;
  const turn = (/** @type {WindowName | null} */ name) => {
    if (!name || name === current) return;
    current = name;
    press(name);
    show(name);
  };
  const choose = (/** @type {WindowName | undefined} */ name) => {
    if (!name || name === current) return;
    location.hash = name;
    turn(name);
  };
  byId("buttons").addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest("button") : null;
    choose(NAMES.find((name) => name === button?.dataset.window));
  });
  choice.onchange = () => choose(names.find((name) => name === choice.value));
  addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof Element && event.target.matches("input, select, textarea, dialog, dialog *");
    if (!isTyping && !event.ctrlKey && !event.altKey && !event.metaKey) choose(NAMES[Number(event.key) - 1]);
  });
  addEventListener("hashchange", () => turn(named(names)));
  turn(named(names) ?? FIRST);
}

/** @param {string[]} years */
function offer(years) {
  const choice = /** @type {HTMLSelectElement} */ (byId("calendar-year"));
  choice.replaceChildren(
    el("option", { value: "", hidden: "" }, "By year"),
    ...years.map((year) => el("option", { value: year }, year)),
  );
  return choice;
}

/** @param {WindowName} name */
function press(name) {
  const choice = /** @type {HTMLSelectElement} */ (byId("calendar-year"));
  choice.value = isYear(name) ? name : "";
  choice.classList.toggle("pressed", isYear(name));
  for (const button of byId("buttons").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.window === name));
  }
}

/**
 * Names the days of a span, and calls the shortest one yesterday only when it is.
 * @param {import("./types.js").Document} doc
 * @param {WindowName} name
 * @param {number} now
 */
export function showSpan(doc, name, now) {
  const { from, to } = spanOf(doc, name);
  say("span", from && to ? days(from, to) : "No days yet");
  const isYesterday = doc.data_day === addDays(wallClock(new Date(now).toISOString(), doc.tz).day, -1);
  const shortest = byId("buttons").querySelector("button");
  if (shortest && doc.data_day) shortest.textContent = isYesterday ? "Yesterday" : "Last day";
}
