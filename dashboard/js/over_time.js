// @ts-check
/** Plays over time: the chart, its words and its twin. */

import { draw } from "./charts/frame.js";
import { buckets, isOnGap, overTime, stretches, words } from "./charts/over_time.js";
import { byId, say } from "./dom.js";
import { number } from "./format.js";
import { fill } from "./tables.js";
import { spanOf } from "./windows.js";

/** @param {import("./types.js").Document} doc @param {import("./types.js").WindowName} name */
export function showOverTime(doc, name) {
  const axis = buckets(doc, name);
  const gaps = stretches(doc, axis);
  say("over-time-words", words(spanOf(doc, name), axis));
  byId("over-time-key").hidden = !gaps.length;
  draw(byId("over-time"), overTime(axis, gaps));
  showTwin(axis, gaps);
}

/**
 * @param {import("./charts/over_time.js").Buckets} axis
 * @param {import("./charts/hatching.js").Stretch[]} gaps
 */
function showTwin({ unit, titles, plays, minutes }, gaps) {
  const note = gaps.length
    ? (/** @type {number} */ at) => [isOnGap(gaps, at) ? "may be incomplete" : "complete"]
    : () => [];
  const heads = [
    unit[0].toUpperCase() + unit.slice(1),
    "Plays",
    ...(minutes ? ["Minutes"] : []),
    ...(gaps.length ? ["Record"] : []),
  ];
  const rows = plays.map((count, at) => [
    titles[at],
    number(count),
    ...(minutes ? [number(minutes[at])] : []),
    ...note(at),
  ]);
  fill("over-time-table", "Plays over time", heads, rows);
}
