// @ts-check
/** Numbers, days and moments as people read them. */

import { midnight } from "./calendar.js";

const LANGUAGE = "en-GB";
const integers = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 1 });

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {Intl.DateTimeFormatOptions} options */
function dates(options) {
  const key = JSON.stringify(options);
  const format = formats.get(key) ?? new Intl.DateTimeFormat(LANGUAGE, options);
  formats.set(key, format);
  return format;
}

/** @param {number} value */
export const number = (value) => integers.format(value);

/** @param {number} value */
export const estimate = (value) => tenths.format(value);

/** @param {number} count @param {string} one @param {string} [many] */
export const counted = (count, one, many = `${one}s`) => `${estimate(count)} ${count === 1 ? one : many}`;

/** @param {number} difference With its sign; a real minus. */
export const signed = (difference) =>
  difference > 0 ? `+${number(difference)}` : number(difference).replace("-", "−");

/** @param {number} minutes */
export function duration(minutes) {
  const hours = Math.floor(minutes / 60);
  return hours ? `${number(hours)} h ${minutes % 60} min` : `${minutes} min`;
}

const DAY_STYLES = {
  long: { weekday: "short", day: "numeric", month: "short", year: "numeric" },
  full: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  plain: { day: "numeric", month: "short", year: "numeric" },
  short: { day: "numeric", month: "short" },
  weekday: { weekday: "short", day: "numeric" },
  month: { month: "short", year: "numeric" },
  dayOfYear: { day: "numeric", month: "long" },
  monthWord: { month: "long" },
  monthName: { month: "short" },
};

/** @param {string} day @param {keyof typeof DAY_STYLES} style A month is read as its first day. */
export function day(day, style) {
  const options = /** @type {Intl.DateTimeFormatOptions} */ (DAY_STYLES[style]);
  return dates({ ...options, timeZone: "UTC" }).format(midnight(day.length === 7 ? `${day}-01` : day));
}

/** @param {string} from @param {string} to */
export function days(from, to) {
  if (from === to) return day(from, "full");
  const isOneYear = from.slice(0, 4) === to.slice(0, 4);
  return `${day(from, isOneYear ? "short" : "plain")} – ${day(to, "plain")}`;
}

/** @param {string | number} moment ISO text or Unix milliseconds. @param {string} tz */
export const clock = (moment, tz) =>
  dates({ timeZone: tz, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(moment));

/** @param {string | number} moment @param {string} tz */
export const dayOf = (moment, tz) =>
  dates({ timeZone: tz, weekday: "short", day: "numeric", month: "short" }).format(new Date(moment));

/** @param {string} iso @param {string} tz The day alone. */
export const date = (iso, tz) =>
  dates({ timeZone: tz, day: "numeric", month: "short", year: "numeric" }).format(new Date(iso));

/** @param {string} iso @param {string} tz Day and time. */
export const moment = (iso, tz) => `${date(iso, tz)}, ${clock(iso, tz)}`;

/** @param {string} iso @param {number} now Unix milliseconds. How long ago, in the largest unit that fits. */
export function ago(iso, now) {
  const minutes = Math.round((now - Date.parse(iso)) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 90) return `${counted(minutes, "minute")} ago`;
  if (minutes < 36 * 60) return `${counted(Math.round(minutes / 60), "hour")} ago`;
  return `${counted(Math.round(minutes / 1440), "day")} ago`;
}
