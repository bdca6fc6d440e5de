// @ts-check
/** Plays by hour of the day. */

import { byId, say } from "../dom.js";
import { number } from "../format.js";
import { fill } from "../tables.js";
import { bars } from "./bars.js";
import { draw } from "./frame.js";
import { hourTitle } from "./over_time.js";

/** @param {number[]} hours */
export function showHours(hours) {
  say("hours-words", hoursWords(hours));
  draw(byId("hours"), hourOfDay(hours));
  const rows = hours.map((count, hour) => [hourTitle(hour), number(count)]);
  fill("hours-table", "Plays by hour of the day", ["Hour", "Plays"], rows);
}

/** @param {number[]} hours @returns {import("./frame.js").Build} */
const hourOfDay = (hours) => (colours) =>
  bars(colours, {
    labels: hours.map((_, hour) => String(hour).padStart(2, "0")),
    titles: hours.map((_, hour) => hourTitle(hour)),
    plays: hours,
  });

/** @param {number[]} hours */
function hoursWords(hours) {
  const most = Math.max(...hours);
  if (!most) return "Nothing was played in this span.";
  const when = hourTitle(hours.indexOf(most)).replace(" – ", " and ");
  return `Most between ${when}: ${number(most)} plays. Hours are those of your own clock.`;
}
