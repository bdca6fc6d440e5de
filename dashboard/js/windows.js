// @ts-check
/** Which span is looked at: six buttons, the keys 1 to 6, and the address, so that the back button works. */

import { addDays, wallClock } from "./calendar.js";
import { byId, say } from "./dom.js";
import { days } from "./format.js";

/** @typedef {import("./types.js").WindowName} WindowName */

/** @type {WindowName[]} */
const NAMES = ["1d", "7d", "30d", "90d", "365d", "all"];
/** @type {WindowName} */
const FIRST = "30d";

/** @returns {WindowName | null} The span that the address names; fragments of other kinds name none. */
const named = () => NAMES.find((name) => `#${name}` === location.hash) ?? (location.hash ? null : FIRST);

/**
 * Calls `show` now and whenever another span is chosen.
 * @param {(name: WindowName) => void} show
 */
export function startWindows(show) {
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
  addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof Element && event.target.matches("input, select, textarea");
    if (!isTyping && !event.ctrlKey && !event.altKey && !event.metaKey) choose(NAMES[Number(event.key) - 1]);
  });
  addEventListener("hashchange", () => turn(named()));
  turn(named() ?? FIRST);
}

/** @param {WindowName} name */
function press(name) {
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
  const { from, to } = doc.windows[name];
  say("span", from && to ? days(from, to) : "No days yet");
  const isYesterday = doc.data_day === addDays(wallClock(new Date(now).toISOString(), doc.tz).day, -1);
  const shortest = byId("buttons").querySelector("button");
  if (shortest && doc.data_day) shortest.textContent = isYesterday ? "Yesterday" : "Last day";
}
