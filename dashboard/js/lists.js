// @ts-check
/** Lists that unfold, facts with their notes; the last plays and the playlist. */

import { byId, el, named, time } from "./dom.js";
import { clock, counted, dayOf } from "./format.js";

/** @typedef {import("./types.js").Document} Document */

/** @type {Set<string>} Lists that are shown whole. */
const opened = new Set();

/**
 * Fills a list, only its beginning until its button is pressed.
 * @param {string} id
 * @param {HTMLLIElement[]} items
 * @param {string} nothing said where there are none
 * @param {number} [few] how many its beginning is
 */
export function fill(id, items, nothing, few = 10) {
  const list = byId(id);
  const isWhole = opened.has(id) || items.length <= few;
  list.replaceChildren(...(isWhole ? items : items.slice(0, few)));
  if (!items.length) list.append(el("li", { class: "nothing" }, nothing));
  const button = list.parentElement?.querySelector("button.more");
  if (!(button instanceof HTMLButtonElement)) return;
  button.hidden = items.length <= few;
  button.textContent = isWhole ? `Show ${few}` : `Show ${items.length}`;
  button.setAttribute("aria-expanded", String(isWhole));
  button.onclick = () => {
    if (!opened.delete(id)) opened.add(id);
    fill(id, items, nothing, few);
  };
}

/** @param {string} id @param {[name: string, value: string, note: string | Node][]} rows */
export function facts(id, rows) {
  byId(id).replaceChildren(
    ...rows.map(([name, value, note]) =>
      el("div", {}, el("dt", {}, name), el("dd", { class: "value" }, value), el("dd", { class: "note" }, note)),
    ),
  );
  byId(id).hidden = !rows.length;
}

/** @param {Document} doc */
export function showRecent(doc) {
  let today = "";
  const items = doc.recent.map(([seconds, track]) => {
    const day = dayOf(seconds * 1000, doc.tz);
    const head = day === today ? [] : [el("span", { class: "day" }, day)];
    today = day;
    const at = time(new Date(seconds * 1000).toISOString(), clock(seconds * 1000, doc.tz));
    return el("li", {}, ...head, at, song(doc, track));
  });
  fill("recent", items, "Nothing yet.");
}

/** @param {Document} doc @param {number} track Its name and whose it is. */
export function song(doc, track) {
  const [name, artist, , id] = doc.dict.tracks[track];
  return el("span", { class: "name" }, named(name, "track", id), by(doc, artist));
}

/** @param {Document} doc @param {number} artist */
export const by = (doc, artist) =>
  el("span", { class: "by" }, named(doc.dict.artists[artist][0], "artist", doc.dict.artists[artist][1]));

/** @param {Document} doc */
export function showPlaylist(doc) {
  const { playlist } = doc;
  const words = byId("playlist-words");
  if (!playlist) {
    words.textContent = "";
    return fill("playlist", [], "None has been written yet.");
  }
  words.replaceChildren(
    named(playlist.name, "playlist", playlist.id),
    " · ",
    playlist.week,
    ` · ${counted(playlist.tracks.length, "liked track")} not played for ${counted(playlist.unplayed_days, "day")}`,
  );
  const items = playlist.tracks.map((track) => el("li", {}, song(doc, track)));
  return fill("playlist", items, "It is empty this week.");
}
