// @ts-check
/** What was heard most in a span: by plays or, where it is wanted, by time. */

import { about } from "./artist.js";
import { byId, el, named, say } from "./dom.js";
import { counted, estimate, number } from "./format.js";
import { fill } from "./lists.js";

/** @typedef {import("./types.js").Document} Document */
/** @typedef {import("./types.js").TopRow} TopRow */
/** @typedef {"plays" | "time"} Measure */
/** @typedef {(index: number) => (Node | string)[]} Name */

/** @type {Measure} Stays when another span is chosen. */
let measure = "plays";

/**
 * @param {string} id
 * @param {TopRow[]} rows
 * @param {Measure} by
 * @param {boolean} hasBefore whether there was a span before to rise or fall against
 * @param {Name} name
 */
function ranking(id, rows, by, hasBefore, name) {
  const size = (/** @type {TopRow | undefined} */ row) => (by === "plays" ? row?.[1] : row?.[2]) ?? 0;
  const most = Math.max(size(rows[0]), 1);
  const items = rows.map((row) => {
    const [index, , , before, place, permille] = row;
    const share = el("span", { class: "share" }, percent(permille));
    const called = el("span", { class: "name" }, ...name(index));
    const item = el("li", {}, called, amount(row, by), move(place, before, hasBefore), share);
    item.style.setProperty("--share", String(size(row) / most));
    item.style.setProperty("counter-set", `place ${place}`); // those that tie share a place
    return item;
  });
  fill(id, items, "Nothing in this span.");
}

/** @param {number} permille */
export const percent = (permille) => (permille ? `${estimate(permille / 10)} %` : "< 0.1 %");

/** @param {TopRow} row @param {Measure} by What the list goes by stands first. */
function amount([, plays, minutes], by) {
  const time = `${number(minutes)} min`;
  const told =
    by === "plays"
      ? [el("b", {}, number(plays)), el("span", { class: "vh" }, " plays, "), el("span", {}, time)]
      : [el("b", {}, time), " ", el("span", {}, counted(plays, "play"))];
  return el("span", { class: "amount" }, ...told);
}

/** @param {number} rank @param {number | null} before @param {boolean} hasBefore */
function move(rank, before, hasBefore) {
  if (!hasBefore) return el("span", { class: "move" });
  if (before === null) return el("span", { class: "move new" }, "new");
  if (before === rank) return el("span", { class: "move same" }, el("span", { class: "vh" }, "same rank"));
  const [kind, word] = before > rank ? ["up", "up "] : ["down", "down "];
  return el("span", { class: `move ${kind}` }, el("span", { class: "vh" }, word), number(Math.abs(before - rank)));
}

/** @param {Document} doc @returns {Record<"tracks" | "artists" | "albums" | "genres" | "contexts", Name>} */
function namesOf(doc) {
  const { dict } = doc;
  const { tracks, artists, albums } = dict;
  const artist = (/** @type {number} */ index) => named(artists[index][0], "artist", artists[index][1]);
  const by = (/** @type {number} */ index) => el("span", { class: "by" }, artist(index));
  return {
    tracks: (index) => [named(tracks[index][0], "track", tracks[index][3]), by(tracks[index][1])],
    artists: (index) => [artist(index), ...about(doc, index)],
    albums: (index) => [named(albums[index][0], "album", albums[index][2]), by(albums[index][1])],
    genres: (index) => [el("bdi", {}, dict.genres[index])],
    contexts: (index) => context(doc, dict.contexts[index]),
  };
}

/**
 * What was played from. Only its kind and id are recorded; the document knows the name of some.
 * @param {Document} doc
 * @param {[kind: string, id: string | null]} context
 */
function context({ dict, playlist }, [kind, id]) {
  /** @type {Record<string, string | undefined>} */
  const names = {
    album: dict.albums.find((one) => one[2] === id)?.[0],
    artist: dict.artists.find((one) => one[1] === id)?.[0],
    playlist: playlist?.id === id ? playlist?.name : undefined,
  };
  const known = id !== null && Object.hasOwn(names, kind) ? names[kind] : undefined;
  const title = kind === "collection" ? "Liked songs" : kind.charAt(0).toUpperCase() + kind.slice(1);
  if (known) return [named(known, kind, id), el("span", { class: "by" }, title)];
  return [named(title, kind, id), ...(id ? [el("span", { class: "by" }, el("bdi", {}, id))] : [])];
}

/** @param {Document} doc @param {import("./types.js").Span} span */
export function showTops(doc, span) {
  const hasBefore = span.prev !== null;
  const names = namesOf(doc);
  const isTimed = measure === "time";
  for (const kind of /** @type {const} */ (["tracks", "artists", "albums"])) {
    ranking(`top-${kind}`, isTimed ? span.by_time[kind] : span[`top_${kind}`], measure, hasBefore, names[kind]);
  }
  for (const kind of /** @type {const} */ (["genres", "contexts"])) {
    const rows = span[`top_${kind}`];
    byId(kind).hidden = !rows?.length;
    ranking(`top-${kind}`, rows ?? [], "plays", hasBefore, names[kind]);
  }
  const whole = isTimed ? "time listened; genres and what was played from go by plays" : "plays";
  const shares = `Percentages are shares of all ${whole}.`;
  const arrows = "Arrows show the rank against the equal span before; new means not played in it.";
  say("tops-words", hasBefore ? `${shares} ${arrows}` : shares);
  listen(() => showTops(doc, span));
}

/** @param {() => void} again */
function listen(again) {
  for (const button of byId("measures").querySelectorAll("button")) {
    const meant = button.dataset.measure === "time" ? "time" : "plays";
    button.setAttribute("aria-pressed", String(meant === measure));
    button.onclick = () => {
      measure = meant;
      again();
    };
  }
}
