// @ts-check
/** How one listens: sessions, ways, decades of songs, months of the year. */

import { byId, el, say } from "./dom.js";
import { counted, day, duration, number } from "./format.js";
import { facts } from "./lists.js";
import { percent } from "./rankings.js";

/** @typedef {import("./types.js").Span} Span */
/** @typedef {{name: string, value: number, note?: string}} Bar */

const LENGTHS = ["under 15 min", "15 – 30 min", "30 – 60 min", "1 – 2 h", "2 – 4 h", "4 h and more"];

/** @type {Record<string, string>} */
const PLAYERS = {
  ios: "iPhone or iPad",
  android: "Android",
  windows: "Windows",
  macos: "Mac",
  linux: "Linux",
  web: "Browser",
};

/** @param {Span} span */
export function showListening({ plays, sessions, ways, eras }) {
  showSessions(sessions);
  showWays(ways, plays);
  const decades = eras ?? [];
  measures(
    "eras",
    decades.map(([decade, value, minutes]) => ({ name: `${decade}s`, value, note: `${number(minutes)} min` })),
  );
}

/** @param {Span["sessions"]} sessions */
function showSessions(sessions) {
  if (!sessions) return facts("sessions", []), measures("lengths", []);
  const { count, minutes, median_minutes, longest_minutes, longest_day, lengths } = sessions;
  facts("sessions", [
    ["Sessions", number(count), `${number(minutes)} min in all`],
    ["A usual one", duration(median_minutes), "half of them are longer"],
    ["The longest", duration(longest_minutes), day(longest_day, "long")],
  ]);
  measures(
    "lengths",
    lengths.map((value, at) => ({ name: LENGTHS[at], value })),
  );
}

/** @param {Span["ways"]} ways @param {number} all plays of the span */
function showWays(ways, all) {
  const known = ways?.plays ?? 0;
  const reach = known ? `known of ${number(known)} of ${counted(all, "play")} here` : "there is none for these days";
  say("ways-words", `Only an account export tells how a play went: ${reach}.`);
  const share = (/** @type {number} */ count) => percent(Math.floor((1000 * count) / Math.max(known, 1)));
  const told = /** @type {const} */ ([
    ["Skipped", "skipped"],
    ["Heard to the end", "finished"],
    ["Shuffled", "shuffled"],
    ["Offline", "offline"],
  ]);
  facts("ways", known && ways ? told.map(([name, key]) => [name, share(ways[key]), counted(ways[key], "play")]) : []);
  const platforms = known ? (ways?.platforms ?? []) : [];
  measures(
    "platforms",
    platforms.map(([name, value]) => ({ name: PLAYERS[name] ?? name, value, note: share(value) })),
  );
}

/**
 * A list whose rules are bars, in its own order; its block is hidden where there is nothing.
 * @param {string} id
 * @param {Bar[]} bars
 */
function measures(id, bars) {
  const most = Math.max(...bars.map(({ value }) => value), 1);
  const items = bars.map(({ name, value, note }) => {
    const amount = el("span", { class: "amount" }, el("b", {}, number(value)));
    if (note) amount.append(" ", el("span", {}, note));
    const item = el("li", {}, el("bdi", { class: "name" }, name), amount);
    item.style.setProperty("--share", String(value / most));
    return item;
  });
  const list = byId(id);
  list.replaceChildren(...items);
  if (list.parentElement) list.parentElement.hidden = !bars.length;
}

/** @param {import("./types.js").Document} doc All years together. */
export function showMonthsOfYear({ month_of_year }) {
  const bars = (month_of_year?.plays ?? []).map((value, at) => ({
    name: day(`2000-${String(at + 1).padStart(2, "0")}`, "monthWord"),
    value,
    note: `${number(month_of_year?.minutes[at] ?? 0)} min`,
  }));
  measures("months-of-year", bars);
}
