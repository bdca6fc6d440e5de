// @ts-check
/** Arithmetic with calendar days (`YYYY-MM-DD`) and months (`YYYY-MM`), free of any time zone but the one given. */

const DAY_MS = 86_400_000;

/** @param {string} day Unix milliseconds of its midnight in UTC. */
export const midnight = (day) => Date.parse(`${day}T00:00:00Z`);

/** @param {string} day @param {number} count */
export const addDays = (day, count) => new Date(midnight(day) + count * DAY_MS).toISOString().slice(0, 10);

/** @param {string} from @param {string} to Days from one to the other. */
export const daysBetween = (from, to) => Math.round((midnight(to) - midnight(from)) / DAY_MS);

/** @param {string} day 0 is Monday. */
export const weekday = (day) => (new Date(midnight(day)).getUTCDay() + 6) % 7;

/** @param {string} month @param {number} count */
export function addMonths(month, count) {
  const number = monthNumber(month) + count;
  return `${String(Math.floor(number / 12)).padStart(4, "0")}-${String((number % 12) + 1).padStart(2, "0")}`;
}

/** @param {string} month A month or a day of it; months since the year 0. */
export const monthNumber = (month) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;

/** @param {string} month */
const daysIn = (month) => daysBetween(`${month}-01`, `${addMonths(month, 1)}-01`);

/** @type {Map<string, Intl.DateTimeFormat>} */
const clocks = new Map();

/**
 * What the clock on the wall says: the local day, and how much of it is over (0 to 1).
 * @param {string} iso
 * @param {string} tz
 */
export function wallClock(iso, tz) {
  const clock =
    clocks.get(tz) ??
    new Intl.DateTimeFormat("en-CA", { timeZone: tz, dateStyle: "short", timeStyle: "short", hourCycle: "h23" });
  clocks.set(tz, clock);
  const part = Object.fromEntries(clock.formatToParts(new Date(iso)).map(({ type, value }) => [type, value]));
  const day = `${part.year}-${part.month}-${part.day}`;
  return { day, passed: (Number(part.hour) * 60 + Number(part.minute)) / 1440 };
}

/**
 * Where a moment lies on an axis of months that begins with `start`: 1.5 is the middle of the second.
 * @param {string} start
 * @param {{day: string, passed: number}} at
 */
export function monthsInto(start, at) {
  const month = at.day.slice(0, 7);
  return monthNumber(month) - monthNumber(start) + (Number(at.day.slice(8)) - 1 + at.passed) / daysIn(month);
}
