// @ts-check
/** One artist in a dialog: two years by month, first and last play, the songs. */

import { addMonths } from "./calendar.js";
import { bars } from "./charts/bars.js";
import { draw } from "./charts/frame.js";
import { byId, el, named, say } from "./dom.js";
import { counted, day, duration, number } from "./format.js";
import { facts, fill as fillList } from "./lists.js";
import { fill as fillTable } from "./tables.js";

/** @typedef {import("./types.js").Document} Document */
/** @typedef {import("./types.js").ArtistDetail} ArtistDetail */

/**
 * What opens the dialog, for an artist that the document tells more of.
 * @param {Document} doc
 * @param {number} artist
 * @returns {HTMLElement[]}
 */
export function about(doc, artist) {
  const detail = doc.artist_detail?.find((one) => one.artist === artist);
  if (!detail) return [];
  const more = el("span", { class: "vh" }, `: more about ${doc.dict.artists[artist][0]}`);
  const since = `since ${day(detail.first, "month")}`;
  const button = el("button", { type: "button", class: "about", "aria-haspopup": "dialog" }, since, more);
  button.onclick = () => open(doc, detail);
  return [button];
}

/** @param {Document} doc @param {ArtistDetail} detail */
function open(doc, detail) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("artist"));
  const [name, id] = doc.dict.artists[detail.artist];
  byId("artist-name").replaceChildren(named(name, "artist", id));
  facts("artist-facts", [
    ["Plays", number(detail.plays), duration(detail.minutes)],
    ["First play", day(detail.first, "plain"), ""],
    ["Last play", day(detail.last, "plain"), ""],
  ]);
  const songs = detail.top.map(([track, plays]) => {
    const [title, , , id] = doc.dict.tracks[track];
    const count = el("span", { class: "note" }, counted(plays, "play"));
    return el("li", {}, el("span", { class: "name" }, named(title, "track", id)), count);
  });
  fillList("artist-songs", songs, "None.");
  byId("artist-close").onclick = () => dialog.close();
  dialog.onclick = ({ target }) => target === dialog && dialog.close(); // beside it
  dialog.showModal();
  showMonths(doc, detail);
}

/** @param {Document} doc @param {ArtistDetail} detail After the dialog is open: before, a canvas has no size. */
function showMonths({ data_day }, { months }) {
  if (!data_day) return;
  const names = months.map((_, at) => day(addMonths(data_day, at + 1 - months.length), "month"));
  const most = Math.max(...months);
  const peak = `, most in ${names[months.indexOf(most)]}: ${number(most)}`;
  const all = counted(
    months.reduce((sum, one) => sum + one, 0),
    "play",
  );
  say("artist-months-words", `${all} in 24 months${most ? peak : ""}.`);
  draw(byId("artist-months"), (colours) => bars(colours, { labels: names, titles: names, plays: months }));
  fillTable(
    "artist-months-table",
    "Plays by month",
    ["Month", "Plays"],
    months.map((count, at) => [names[at], number(count)]),
  );
}
