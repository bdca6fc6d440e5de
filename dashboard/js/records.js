// @ts-check
/** What stands out of the whole record: streaks, full days, binges, round numbers; and this day in other years. */

import { addDays } from "./calendar.js";
import { el, say } from "./dom.js";
import { counted, day, days, duration, number } from "./format.js";
import { by, facts, fill, song } from "./lists.js";

/** @typedef {import("./types.js").Document} Document */
/** @typedef {import("./types.js").Records} Records */
/** @typedef {[name: string, value: string, note: string | Node]} Fact */

/** @param {Document} doc */
export function showRecords(doc) {
  const { records } = doc;
  facts("records", records ? [...streaks(records), ...fullest(records), ...binges(doc, records)] : []);
  const items = [...(records?.milestones ?? [])].reverse().map(([count, on]) =>
    el("li", {}, el("time", { datetime: on }, day(on, "plain")), el("span", { class: "name" }, counted(count, "play"))),
  );
  fill("milestones", items, "None yet.", 5);
  showThisDay(doc);
}

/** @param {Records} records @returns {Fact[]} */
function streaks({ current_streak, longest_streak, longest_silence }) {
  const rows = /** @type {const} */ ([
    ["Days in a row now", current_streak],
    ["Most days in a row", longest_streak],
    ["Longest silence", longest_silence],
  ]);
  return rows.map(([name, streak]) =>
    streak ? [name, counted(streak.days, "day"), days(streak.from, streak.to)] : [name, "–", "none"],
  );
}

/** @param {Records} records @returns {Fact[]} */
function fullest({ fullest_day, longest_day, longest_session }) {
  const on = (/** @type {{day: string} | null} */ one) => (one ? day(one.day, "long") : "none");
  return [
    ["Most plays in a day", fullest_day ? number(fullest_day.plays) : "–", on(fullest_day)],
    ["Longest day", longest_day ? duration(longest_day.minutes) : "–", on(longest_day)],
    ["Longest session", longest_session ? duration(longest_session.minutes) : "–", on(longest_session)],
  ];
}

/** @param {Document} doc @param {Records} records @returns {Fact[]} */
function binges(doc, { track_in_a_row, artist_in_a_row, track_in_a_day, artist_in_a_day }) {
  const rows = /** @type {const} */ ([
    ["One track in a row", track_in_a_row, song],
    ["One artist in a row", artist_in_a_row, by],
    ["One track in a day", track_in_a_day, song],
    ["One artist in a day", artist_in_a_day, by],
  ]);
  return rows.map(([name, binge, told]) =>
    binge
      ? [name, counted(binge.plays, "play"), el("span", {}, told(doc, binge.index), ` on ${day(binge.day, "plain")}`)]
      : [name, "–", "none"],
  );
}

/** @param {Document} doc */
function showThisDay(doc) {
  const { data_day, on_this_day = [] } = doc;
  say("this-day-title", data_day ? `On ${day(addDays(data_day, 1), "dayOfYear")}` : "On this day");
  const items = on_this_day.map((one) =>
    el(
      "li",
      {},
      el("time", { datetime: one.day }, one.day.slice(0, 4)),
      song(doc, one.track),
      el("span", { class: "note" }, `${counted(one.track_plays, "play")} of ${number(one.plays)} that day`),
    ),
  );
  fill("this-day", items, "Nothing in earlier years.");
}
