// @ts-check
/** What was new and what was known, month by month and week by week; songs that came once, went, and came back. */

import { addDays, addMonths } from "./calendar.js";
import { newAndKnown } from "./charts/discovery.js";
import { draw } from "./charts/frame.js";
import { byId, el, say } from "./dom.js";
import { counted, day, number } from "./format.js";
import { fill as fillList, song } from "./lists.js";
import { percent } from "./rankings.js";
import { fill as fillTable } from "./tables.js";

/** @typedef {import("./types.js").Document} Document */

/** @param {Document} doc */
export function showDiscovery(doc) {
  showWeeks(doc);
  showMonths(doc);
  showOnce(doc);
  dated(doc, "forgotten", doc.forgotten ?? [], (plays, last) => `${counted(plays, "play")}, the last on ${last}`);
  dated(doc, "back", doc.back_after ?? [], (silent, on) => `back on ${on} after ${counted(silent, "day")}`);
}

/** @param {Document} doc */
function showWeeks({ discovery_weekly }) {
  byId("weeks-of-discovery").hidden = !discovery_weekly;
  if (!discovery_weekly) return;
  const { start, known } = discovery_weekly;
  const sum = (/** @type {number[]} */ counts) => counts.reduce((all, one) => all + one, 0);
  const fresh = sum(discovery_weekly.new);
  const whole = fresh + sum(known);
  const share = whole ? percent(Math.floor((1000 * fresh) / whole)) : "0 %";
  say("discovery-words", `In a year, ${number(fresh)} plays (${share}) were of songs met in that same week.`);
  const starts = known.map((_, at) => day(addDays(start, at * 7), "plain"));
  draw(byId("discovery"), newAndKnown(discovery_weekly, starts));
  const rows = known.map((count, at) => [starts[at], number(discovery_weekly.new[at]), number(count)]);
  fillTable("discovery-table", "Plays of new and of known songs", ["Week from", "New", "Known"], rows);
}

const FEW = 5;
const COUNTS = ["Month", "New tracks", "Stuck", "New artists", "As varied as"];
const MONTHLY = [...COUNTS, "Most played track", "Most played artist"];

/** @param {Document} doc The newest month first. */
function showMonths({ discovery_monthly, number_ones, dict }) {
  byId("months-of-discovery").hidden = !discovery_monthly;
  if (!discovery_monthly) return;
  const { start, new_tracks, new_artists, stuck, variety } = discovery_monthly;
  const best = (/** @type {number | null | undefined} */ index, /** @type {[name: string, ...rest: any][]} */ names) =>
    index === null || index === undefined ? "–" : el("bdi", {}, names[index][0]);
  const rows = new_tracks.map((count, at) => [
    day(addMonths(start, at), "month"),
    number(count),
    number(stuck[at]),
    number(new_artists[at]),
    counted(Math.round(variety[at] / 10) / 10, "artist"),
    best(number_ones?.tracks[at], dict.tracks),
    best(number_ones?.artists[at], dict.artists),
  ]);
  fillTable("months-table", "Discovery by month, newest first", MONTHLY, rows.reverse());
}

/** @param {Document} doc */
function showOnce(doc) {
  const once = doc.one_hit_wonders;
  say("once-words", once ? `${counted(once.count, "song")}, ${percent(once.permille)} of all; the newest:` : "");
  const items = once?.newest.map(([track, on]) => entry(doc, track, day(on, "plain"))) ?? [];
  fillList("once", items, "None.", FEW);
}

/**
 * @param {Document} doc
 * @param {string} id
 * @param {[track: number, count: number, day: string][]} rows
 * @param {(count: number, day: string) => string} words
 */
function dated(doc, id, rows, words) {
  const items = rows.map(([track, count, on]) => entry(doc, track, words(count, day(on, "plain"))));
  fillList(id, items, "None.", FEW);
}

/** @param {Document} doc @param {number} track @param {string} note */
const entry = (doc, track, note) => el("li", {}, song(doc, track), el("span", { class: "note" }, note));
