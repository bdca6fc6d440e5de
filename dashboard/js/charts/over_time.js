// @ts-check
/** Plays over time: which buckets a span has, what they are called, and where its gaps lie on them. */

import { addDays, addMonths, daysBetween, monthNumber, monthsInto, wallClock } from "../calendar.js";
import { counted, day, days, duration, number } from "../format.js";
import { isYear, spanOf } from "../windows.js";
import { bars } from "./bars.js";

/** @typedef {import("../types.js").Document} Document */
/** @typedef {import("../types.js").WindowName} WindowName */

/**
 * @typedef {object} Buckets
 * @property {string} unit what one bar is
 * @property {string[]} labels
 * @property {string[]} titles
 * @property {number[]} plays
 * @property {number[] | null} minutes
 * @property {(at: {day: string, passed: number}) => number} place position of a moment, in bars
 */

/** @type {Buckets} */
const NOTHING = { unit: "day", labels: [], titles: [], plays: [], minutes: null, place: () => 0 };

/** @param {Document} doc @param {WindowName} name @returns {Buckets} */
export function buckets(doc, name) {
  const { from, to, hours } = spanOf(doc, name);
  if (!from || !to) return NOTHING;
  if (name === "1d") return hourly(from, hours);
  if (name === "365d") return doc.weekly ? weekly(doc.weekly, from) : NOTHING;
  if (isYear(name)) return doc.monthly ? monthly(within(doc.monthly, from, to)) : NOTHING;
  if (name === "all") return doc.monthly ? monthly(doc.monthly) : NOTHING;
  return doc.daily ? daily(doc.daily, from, to) : NOTHING;
}

/** @param {string} from @param {number[]} plays @returns {Buckets} */
function hourly(from, plays) {
  return {
    unit: "hour",
    plays,
    minutes: null,
    labels: plays.map((_, hour) => String(hour).padStart(2, "0")),
    titles: plays.map((_, hour) => hourTitle(hour)),
    place: (at) => (daysBetween(from, at.day) + at.passed) * 24,
  };
}

/** @param {number} hour */
export const hourTitle = (hour) => `${String(hour).padStart(2, "0")}:00 – ${String(hour + 1).padStart(2, "0")}:00`;

/** @param {import("../types.js").Series} series @param {string} from @param {string} to @returns {Buckets} */
function daily(series, from, to) {
  const first = Math.max(daysBetween(series.start, from), 0);
  const end = daysBetween(series.start, to) + 1;
  const start = addDays(series.start, first);
  const plays = series.plays.slice(first, end);
  return {
    unit: "day",
    plays,
    minutes: series.minutes.slice(first, end),
    labels: plays.map((_, at) => day(addDays(start, at), plays.length > 7 ? "short" : "weekday")),
    titles: plays.map((_, at) => day(addDays(start, at), "long")),
    place: (at) => daysBetween(start, at.day) + at.passed,
  };
}

/**
 * Weeks end with the span; the first may begin before it, and is named by the span's own first day.
 * @param {import("../types.js").Series} series
 * @param {string} from
 * @returns {Buckets}
 */
function weekly({ start, plays, minutes }, from) {
  const firsts = plays.map((_, at) => addDays(start, at * 7)).map((first) => (first < from ? from : first));
  return {
    unit: "week",
    plays,
    minutes,
    labels: firsts.map((first) => day(first, "short")),
    titles: firsts.map((first) => `Week from ${day(first, "long")}`),
    place: (at) => (daysBetween(start, at.day) + at.passed) / 7,
  };
}

/** @param {import("../types.js").Series} series @param {string} from @param {string} to Its months in these days. */
function within({ start, plays, minutes }, from, to) {
  const first = Math.max(monthNumber(from) - monthNumber(start), 0);
  const end = monthNumber(to) - monthNumber(start) + 1;
  return { start: addMonths(start, first), plays: plays.slice(first, end), minutes: minutes.slice(first, end) };
}

/** @param {import("../types.js").Series} series @returns {Buckets} */
function monthly({ start, plays, minutes }) {
  const names = plays.map((_, at) => day(addMonths(start, at), "month"));
  return { unit: "month", plays, minutes, labels: names, titles: names, place: (at) => monthsInto(start, at) };
}

/**
 * The gaps that lie on the axis, cut to it; checks that had stopped when this was built leave one that is still open.
 * @param {Document} doc
 * @param {Buckets} axis
 */
export function stretches(doc, axis) {
  const { gaps, unpolled_since } = doc.health;
  const open = unpolled_since ? [{ from: unpolled_since, to: doc.generated_at }] : [];
  return [...gaps.items, ...open]
    .map(({ from, to }) => ({ from: axis.place(wallClock(from, doc.tz)), to: axis.place(wallClock(to, doc.tz)) }))
    .filter(({ from, to }) => to > 0 && from < axis.plays.length && to > from)
    .map(({ from, to }) => ({ from: Math.max(from, 0), to: Math.min(to, axis.plays.length) }));
}

/**
 * Whether a bar lies on a gap, at least in part.
 * @param {import("./hatching.js").Stretch[]} gaps
 * @param {number} bar
 */
export const isOnGap = (gaps, bar) => gaps.some(({ from, to }) => from < bar + 1 && to > bar);

/**
 * The chart in a sentence or two.
 * @param {import("../types.js").Span} span
 * @param {Buckets} axis
 */
export function words(span, axis) {
  if (!span.from || !span.to || !span.plays) return "Nothing was played in this span.";
  const most = Math.max(...axis.plays);
  const peak = axis.plays.length
    ? ` One bar is a ${axis.unit}; the highest is ${axis.titles[axis.plays.indexOf(most)]}, with ${number(most)}.`
    : "";
  const silent = span.silent_days ? ` ${counted(span.silent_days, "day")} without a play.` : "";
  const gap = span.gap_minutes ? ` ${duration(span.gap_minutes)} not covered by any check.` : "";
  return `${counted(span.plays, "play")}, ${days(span.from, span.to)}.${peak}${silent}${gap}`;
}

/**
 * @param {Buckets} axis
 * @param {import("./hatching.js").Stretch[]} gaps
 * @returns {import("./frame.js").Build}
 */
export const overTime = (axis, gaps) => (colours) => bars(colours, { ...axis, gaps });
