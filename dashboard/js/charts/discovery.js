// @ts-check
/** Plays of new and of known songs, one on the other. */

import { day } from "../format.js";
import { addDays } from "../calendar.js";
import { bars } from "./bars.js";

/**
 * @param {{start: string, new: number[], known: number[]}} weeks
 * @param {string[]} starts the first day of each
 * @returns {import("./frame.js").Build}
 */
export const newAndKnown = (weeks, starts) => (colours) => {
  const chart = bars(colours, {
    labels: starts.map((_, at) => day(addDays(weeks.start, at * 7), "short")),
    titles: starts.map((start) => `Week from ${start}`),
    plays: weeks.new,
  });
  const [fresh] = chart.data.datasets;
  const known = { ...fresh, label: "Known", data: weeks.known };
  chart.data.datasets = [{ ...fresh, label: "New", backgroundColor: colours.ink }, known];
  const { x, y } = chart.options.scales;
  const { legend, tooltip } = chart.options.plugins;
  Object.assign(x, { stacked: true });
  Object.assign(y, { stacked: true });
  Object.assign(legend, { display: true, align: "start", labels: { color: colours.soft, boxWidth: 12 } });
  tooltip.callbacks.label = ({ dataset, raw }) => `${dataset.label}: ${raw} plays`;
  return chart;
};
