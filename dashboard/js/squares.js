// @ts-check
/** The two tables of squares: weekday by hour, and every day of a year. */

import { addDays, daysBetween, weekday } from "./calendar.js";
import { byId, el } from "./dom.js";
import { counted, day } from "./format.js";
import { hourTitle } from "./charts/over_time.js";
import { heat } from "./heat.js";

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0"));

/**
 * Weekday by hour: hours run to the right where there is room, and downwards where there is not.
 * @param {number[]} hourdow
 * @param {boolean} isWide
 */
export function drawWeek(hourdow, isWide) {
  const square = (/** @type {number} */ weekday, /** @type {number} */ hour) => ({
    value: hourdow[weekday * 24 + hour],
    words: `${WEEKDAYS[weekday]}, ${hourTitle(hour)}: ${counted(hourdow[weekday * 24 + hour], "play")}`,
  });
  const days = WEEKDAYS.map((title) => ({ name: title.slice(0, 3), title }));
  const hours = HOURS.map((name) => ({ name, title: name }));
  const [rows, columns] = isWide ? [days, hours] : [hours, days];
  const squares = rows.map((_, row) =>
    columns.map((_, column) => (isWide ? square(row, column) : square(column, row))),
  );
  byId("week").classList.toggle("upright", !isWide);
  heat(byId("week"), byId("week-readout"), {
    caption: "Plays by weekday and hour of the day",
    rows,
    squares,
    head: el("tr", {}, el("td"), ...columns.map(({ name, title }) => el("th", { scope: "col", abbr: title }, name))),
  });
}

/**
 * Every day from `from` to `to`, a column for each week.
 * @param {import("./types.js").DaySeries} series
 * @param {string} from
 * @param {string} to
 */
export function drawDays(series, from, to) {
  const monday = addDays(from, -weekday(from));
  const weeks = Math.floor(daysBetween(monday, to) / 7) + 1;
  const squares = WEEKDAYS.map((_, row) =>
    Array.from({ length: weeks }, (_, week) => {
      const date = addDays(monday, week * 7 + row);
      const plays = series.plays[daysBetween(series.start, date)];
      return date < from || date > to || plays === undefined
        ? null
        : { value: plays, words: `${day(date, "full")}: ${counted(plays, "play")}` };
    }),
  );
  const last = squares
    .flatMap((line, row) => line.map((square, week) => ({ square, row, week })))
    .filter(({ square }) => square);
  const at = last.reduce(
    (newest, one) => (one.week * 7 + one.row > newest.week * 7 + newest.row ? one : newest),
    last[0],
  );
  heat(byId("year"), byId("year-readout"), {
    caption: `Plays of every day, ${day(from, "plain")} to ${day(to, "plain")}`,
    head: months(monday, weeks),
    squares,
    at: at ? [at.row, at.week] : [0, 0],
    rows: WEEKDAYS.map((title) => ({ name: title.slice(0, 3), title })),
  });
}

/** @param {string} monday @param {number} weeks A row that names each month over its first whole week. */
function months(monday, weeks) {
  const names = Array.from({ length: weeks }, (_, week) => addDays(monday, week * 7).slice(0, 7));
  const runs = /** @type {{month: string, weeks: number}[]} */ ([]);
  for (const month of names) {
    const last = runs[runs.length - 1];
    if (last?.month === month) last.weeks += 1;
    else runs.push({ month, weeks: 1 });
  }
  const heads = runs.map(({ month, weeks }) => {
    const name = el("span", { class: weeks > 2 ? "" : "vh" }, day(month, "monthName"));
    return el("th", { scope: "colgroup", colspan: weeks, abbr: day(month, "month") }, name);
  });
  return el("tr", {}, el("td"), ...heads);
}

/**
 * Fills the choice of years and draws the newest 53 weeks.
 * @param {import("./types.js").DaySeries} series
 * @param {string} until the last day there is
 */
export function startDays(series, until) {
  const choice = /** @type {HTMLSelectElement} */ (byId("year-choice"));
  const years = [];
  for (let year = Number(until.slice(0, 4)); year >= Number(series.start.slice(0, 4)); year -= 1)
    years.push(String(year));
  choice.replaceChildren(
    el("option", { value: "" }, "Last 53 weeks"),
    ...years.map((year) => el("option", { value: year }, year)),
  );
  const show = () => {
    const year = choice.value;
    if (year) drawDays(series, `${year}-01-01`, `${year}-12-31`);
    else drawDays(series, addDays(until, -370), until);
    const scroller = byId("year").parentElement;
    if (scroller) scroller.scrollLeft = scroller.scrollWidth;
  };
  choice.onchange = show;
  show();
}
