// @ts-check
/** Plays by hour of the day. */

import { number } from "../format.js";
import { bars } from "./bars.js";
import { hourTitle } from "./over_time.js";

/** @param {number[]} hours @returns {import("./frame.js").Build} */
export const hourOfDay = (hours) => (colours) =>
  bars(colours, {
    labels: hours.map((_, hour) => String(hour).padStart(2, "0")),
    titles: hours.map((_, hour) => hourTitle(hour)),
    plays: hours,
  });

/** @param {number[]} hours */
export function hoursWords(hours) {
  const most = Math.max(...hours);
  if (!most) return "Nothing was played in this span.";
  const when = hourTitle(hours.indexOf(most)).replace(" – ", " and ");
  return `Most between ${when}: ${number(most)} plays. Hours are those of your own clock.`;
}
