// @ts-check
/** One look for every bar chart: thin rules, quiet axis, no animation. */

import { number } from "../format.js";
import { hatching } from "./hatching.js";

/**
 * @param {import("./frame.js").Colours} colours
 * @param {object} given
 * @param {string[]} given.labels under the bars
 * @param {string[]} given.titles of the tooltips
 * @param {number[]} given.plays
 * @param {number[] | null} [given.minutes]
 * @param {import("./hatching.js").Stretch[]} [given.gaps]
 */
export function bars(colours, { labels, titles, plays, minutes = null, gaps = [] }) {
  const ticks = { color: colours.soft, font: { family: colours.family, size: 12 } };
  return {
    type: "bar",
    data: {
      labels,
      datasets: [
        {
          label: "Plays",
          data: plays,
          backgroundColor: colours.bar,
          hoverBackgroundColor: colours.ink,
          borderRadius: 2,
          barPercentage: 0.82,
          categoryPercentage: 0.96,
          minBarLength: 0,
        },
      ],
    },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      layout: { padding: { top: 6, right: 0, bottom: 0, left: 0 } },
      scales: {
        x: {
          grid: { display: false },
          border: { color: colours.rule },
          ticks: { ...ticks, maxRotation: 0, autoSkipPadding: 18 },
        },
        y: {
          beginAtZero: true,
          suggestedMax: 4,
          grid: { color: colours.rule, drawTicks: false },
          border: { display: false },
          ticks: { ...ticks, precision: 0, maxTicksLimit: 5, padding: 8 },
        },
      },
      plugins: {
        legend: { display: false },
        hatching: { gaps, colour: colours.soft },
        tooltip: {
          displayColors: false,
          backgroundColor: colours.ink,
          titleColor: colours.paper,
          bodyColor: colours.paper,
          padding: 10,
          cornerRadius: 4,
          titleFont: { family: colours.family },
          bodyFont: { family: colours.family },
          callbacks: {
            title: (/** @type {any[]} */ items) => titles[items[0].dataIndex],
            label: (/** @type {any} */ item) =>
              `${number(item.raw)} plays${minutes ? ` · ${number(minutes[item.dataIndex])} min` : ""}`,
          },
        },
      },
    },
    plugins: [hatching],
  };
}
