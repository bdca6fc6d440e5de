// @ts-check
/** Rankings, the last plays and the playlist. */

import { byId, el, named, time } from "./dom.js";
import { clock, counted, dayOf, estimate, number } from "./format.js";

/** @typedef {import("./types.js").Document} Document */
/** @typedef {import("./types.js").TopRow} TopRow */

const FEW = 10;
/** @type {Set<string>} Lists that are shown whole. */
const opened = new Set();

/**
 * Fills a list, only its beginning until its button is pressed.
 * @param {string} id
 * @param {HTMLLIElement[]} items
 * @param {string} nothing said where there are none
 */
function fill(id, items, nothing) {
  const list = byId(id);
  const isWhole = opened.has(id) || items.length <= FEW;
  list.replaceChildren(...(isWhole ? items : items.slice(0, FEW)));
  if (!items.length) list.append(el("li", { class: "nothing" }, nothing));
  const button = list.parentElement?.querySelector("button.more");
  if (!(button instanceof HTMLButtonElement)) return;
  button.hidden = items.length <= FEW;
  button.textContent = isWhole ? `Show ${FEW}` : `Show ${items.length}`;
  button.setAttribute("aria-expanded", String(isWhole));
  button.onclick = () => {
    if (!opened.delete(id)) opened.add(id);
    fill(id, items, nothing);
  };
}

/**
 * @param {string} id
 * @param {TopRow[]} rows
 * @param {boolean} hasBefore whether there was a span before to rise or fall against
 * @param {(index: number) => (Node | string)[]} name
 */
function ranking(id, rows, hasBefore, name) {
  const most = rows[0]?.[1] ?? 0;
  const items = rows.map(([index, plays, minutes, before, place, permille]) => {
    const item = el(
      "li",
      {},
      el("span", { class: "name" }, ...name(index)),
      el(
        "span",
        { class: "amount" },
        el("b", {}, number(plays)),
        el("span", { class: "vh" }, " plays, "),
        el("span", { class: "minutes" }, `${number(minutes)} min`),
        el("span", { class: "vh" }, `, ${estimate(permille / 10)} % of all plays`),
      ),
      move(place, before, hasBefore),
    );
    item.style.setProperty("--share", String(plays / most));
    item.style.setProperty("counter-set", `place ${place}`); // those that tie share a place
    return item;
  });
  fill(id, items, "Nothing in this span.");
}

/** @param {number} rank @param {number | null} before @param {boolean} hasBefore */
function move(rank, before, hasBefore) {
  if (!hasBefore) return el("span", { class: "move" });
  if (before === null) return el("span", { class: "move new" }, "new");
  if (before === rank) return el("span", { class: "move same" }, el("span", { class: "vh" }, "same rank"));
  const [kind, word] = before > rank ? ["up", "up "] : ["down", "down "];
  return el("span", { class: `move ${kind}` }, el("span", { class: "vh" }, word), number(Math.abs(before - rank)));
}

/** @param {Document} doc @param {import("./types.js").Span} span */
export function showTops(doc, span) {
  const { tracks, artists, albums, genres } = doc.dict;
  const hasBefore = span.prev !== null;
  const artist = (/** @type {number} */ index) => named(artists[index][0], "artist", artists[index][1]);
  const by = (/** @type {number} */ index) => el("span", { class: "by" }, artist(index));
  ranking("top-tracks", span.top_tracks, hasBefore, (index) => [
    named(tracks[index][0], "track", tracks[index][3]),
    by(tracks[index][1]),
  ]);
  ranking("top-artists", span.top_artists, hasBefore, (index) => [artist(index)]);
  ranking("top-albums", span.top_albums, hasBefore, (index) => [
    named(albums[index][0], "album", albums[index][2]),
    by(albums[index][1]),
  ]);
  byId("genres").hidden = span.top_genres === null;
  ranking("top-genres", span.top_genres ?? [], hasBefore, (index) => [el("bdi", {}, genres[index])]);
  byId("tops-words").textContent = hasBefore
    ? "By plays. Arrows show the rank against the equal span before; new means not played in it."
    : "By plays.";
}

/** @param {Document} doc */
export function showRecent(doc) {
  let today = "";
  const items = doc.recent.map(([seconds, track]) => {
    const [name, artist, , id] = doc.dict.tracks[track];
    const day = dayOf(seconds * 1000, doc.tz);
    const head = day === today ? [] : [el("span", { class: "day" }, day)];
    today = day;
    const at = time(new Date(seconds * 1000).toISOString(), clock(seconds * 1000, doc.tz));
    return el("li", {}, ...head, at, el("span", { class: "name" }, named(name, "track", id), by(doc, artist)));
  });
  fill("recent", items, "Nothing yet.");
}

/** @param {Document} doc @param {number} artist */
const by = (doc, artist) =>
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
  const items = playlist.tracks.map((track) => {
    const [name, artist, , id] = doc.dict.tracks[track];
    return el("li", {}, el("span", { class: "name" }, named(name, "track", id), by(doc, artist)));
  });
  return fill("playlist", items, "It is empty this week.");
}
