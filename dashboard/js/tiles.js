// @ts-check
/** The sentence and the four big numbers of a span, against the equal span before. */

import { addDays, daysBetween, wallClock } from "./calendar.js";
import { byId, el, named, say } from "./dom.js";
import { counted, duration, number, signed } from "./format.js";
import { isYear, spanOf } from "./windows.js";

/** @typedef {import("./types.js").Document} Document */
/** @typedef {import("./types.js").WindowName} WindowName */

/** @type {Record<string, string>} */
const BEFORE = {
  "1d": "the day before",
  "7d": "the 7 days before",
  "30d": "the 30 days before",
  "90d": "the 90 days before",
  "365d": "the 365 days before",
  all: "",
};

/** @param {WindowName} name @param {import("./types.js").Span} span What the span is measured against. */
function rivalOf(name, span) {
  if (!isYear(name)) return BEFORE[name];
  const earlier = String(Number(name) - 1);
  return span.to === `${name}-12-31` ? earlier : `the same days of ${earlier}`;
}

/** @param {Document} doc @param {WindowName} name */
export function showTiles(doc, name) {
  const span = spanOf(doc, name);
  const { prev } = span;
  const rival = rivalOf(name, span);
  const isHoley = prev !== null && isGapBefore(doc, name, span);
  const tile = (
    /** @type {string} */ id,
    /** @type {number} */ now,
    /** @type {number | undefined} */ before,
    /** @type {string} */ note,
  ) => {
    say(id, number(now));
    say(`${id}-delta`, delta(rival, now, before, isHoley));
    say(`${id}-note`, note);
  };
  tile(
    "minutes",
    span.minutes,
    prev?.minutes,
    span.minutes_estimated ? `${number(span.minutes_estimated)} of them an upper bound` : "",
  );
  tile("plays", span.plays, prev?.plays, span.gap_minutes ? `a gap of ${duration(span.gap_minutes)} in this span` : "");
  tile("tracks", span.tracks, prev?.tracks, `from ${counted(span.albums, "album")}`);
  tile("new-artists", span.new_artists, prev?.new_artists, `of ${counted(span.artists, "artist")} heard`);
  showSentence(doc, name);
}

/** @param {string} rival @param {number} now @param {number | undefined} before @param {boolean} isHoley */
function delta(rival, now, before, isHoley) {
  if (before === undefined) return rival ? "– nothing before to compare" : "since the beginning";
  if (isHoley) return `– a gap lies in ${rival}`;
  return now === before ? `as many as ${rival}` : `${signed(now - before)} vs ${rival}`;
}

/**
 * Whether the span before holds a gap, or may hold one that is too old to be listed: then it is no measure.
 * @param {Document} doc
 * @param {WindowName} name
 * @param {import("./types.js").Span} span
 */
function isGapBefore(doc, name, { from, to }) {
  const { items, total } = doc.health.gaps;
  if (!from || !to) return false;
  const length = daysBetween(from, to) + 1;
  const [start, end] = isYear(name)
    ? [`${Number(name) - 1}-01-01`, `${Number(name) - 1}${to.slice(4)}`]
    : [addDays(from, -length), addDays(from, -1)];
  const local = (/** @type {string} */ iso) => wallClock(iso, doc.tz).day;
  const oldest = items[items.length - 1];
  if (total > items.length && oldest && start < local(oldest.from)) return true;
  return items.some((gap) => local(gap.from) <= end && local(gap.to) >= start);
}

/** @param {Document} doc @param {WindowName} name */
function showSentence(doc, name) {
  const span = spanOf(doc, name);
  const { sentence } = span;
  const place = byId("sentence");
  if (!span.plays) return place.replaceChildren("Nothing played in these days.");
  if (!sentence || sentence.top_track === null || sentence.top_track_plays === null) {
    return place.replaceChildren(`${counted(span.plays, "play")} of ${counted(span.tracks, "different track")}.`);
  }
  const [track, artist, , id] = doc.dict.tracks[sentence.top_track];
  const by = doc.dict.artists[artist];
  return place.replaceChildren(
    isYear(name) ? `Most played in ${name}: ` : "Most played: ",
    el("em", {}, named(track, "track", id)),
    " by ",
    named(by[0], "artist", by[1]),
    `, ${counted(sentence.top_track_plays, "play")}${trend(sentence.top_track_plays, sentence.top_track_prev)}. `,
    name === "all" ? `${counted(span.artists, "artist")} in all.` : discovered(sentence.new_artists),
  );
}

/** @param {number} now @param {number | null} before */
function trend(now, before) {
  if (before === null) return "";
  if (before === 0) return ", none before";
  if (before === now) return ", as often as before";
  return `, ${now > before ? "up" : "down"} from ${number(before)} before`;
}

/** @param {number} artists */
const discovered = (artists) =>
  artists ? `You met ${counted(artists, "artist")} you had never played.` : "No artist was new.";
