// @ts-check
/** Fetches dashboard_data.json and makes sure that it is what the page was written for, before anything is drawn. */

import { among, amount, day, fault, indexInto, instant, list, maybe, month, row, text, whole, zone } from "./shape.js";

/** @typedef {import("./types.js").Document} Document */
/** @typedef {{kind: "missing" | "unreachable" | "broken" | "other schema", detail: string}} Problem */

export const SCHEMA = 1;
const WINDOWS = ["1d", "7d", "30d", "90d", "365d", "all"];

/**
 * @param {string} address
 * @returns {Promise<{document: Document} | {problem: Problem}>}
 */
export async function load(address) {
  let response;
  try {
    response = await fetch(address, { cache: "no-cache", credentials: "same-origin" });
  } catch (error) {
    return problem("unreachable", error instanceof Error ? error.message : "");
  }
  if (response.status === 404 || response.status === 403) return problem("missing", `HTTP ${response.status}`);
  if (!response.ok) return problem("unreachable", `HTTP ${response.status}`);
  try {
    return read(await response.json());
  } catch (error) {
    if (error instanceof SyntaxError) return problem("broken", "it is no JSON");
    return problem("unreachable", "the connection broke off");
  }
}

/**
 * @param {Problem["kind"]} kind
 * @param {string} detail
 */
const problem = (kind, detail) => ({ problem: { kind, detail } });

/**
 * @param {any} body what the JSON held
 * @returns {{document: Document} | {problem: Problem}}
 */
export function read(body) {
  const schema = body?.schema;
  if (Number.isInteger(schema) && schema !== SCHEMA) return problem("other schema", String(schema));
  const wrong = fault(body, HEAD) ?? fault(body, parts(body.dict));
  return wrong ? problem("broken", `${wrong} is not what it should be`) : { document: body };
}

const GAP = {
  from: instant,
  to: instant,
  quiet_until: maybe(instant),
  class: among("possible", "certain"),
  lo: whole,
  hi: whole,
  estimate: maybe(amount),
};
const HEAD = {
  schema: among(SCHEMA),
  app_version: text,
  generated_at: instant,
  tz: zone,
  mode: among("live", "demo", "redacted"),
  data_day: maybe(day),
  last_play_at: maybe(instant),
  last_poll_at: maybe(instant),
  health: {
    auth: { state: among("ok", "needs_reauth", "none"), reauthorize_by: maybe(instant) },
    gaps: { total: whole, hours: whole, est_lost: row(whole, whole), items: list((gap) => fault(gap, GAP) === null) },
    late_arrivals: whole,
    duplicates_removed: whole,
    quarantined: whole,
    short_windows: whole,
    small_overlaps: whole,
    unconfirmed: whole,
    coverage_since: maybe(instant),
    unpolled_since: maybe(instant),
  },
  totals: { plays: whole, since: maybe(day) },
  dict: { tracks: Array.isArray, artists: Array.isArray, albums: Array.isArray, genres: list(text) },
};

/** @param {any} dict The parts that point into the dictionary. */
function parts(dict) {
  const [track, artist, album, genre] = ["tracks", "artists", "albums", "genres"].map((key) =>
    indexInto(dict[key].length),
  );
  const top = (/** @type {import("./shape.js").Check} */ index) => list(row(index, whole, whole, maybe(whole), whole, whole));
  const span = {
    from: maybe(day),
    to: maybe(day),
    plays: whole,
    minutes: whole,
    minutes_estimated: whole,
    tracks: whole,
    artists: whole,
    albums: whole,
    new_artists: whole,
    silent_days: whole,
    gap_minutes: whole,
    prev: opt({ plays: whole, minutes: whole, tracks: whole, artists: whole, new_artists: whole }),
    top_tracks: top(track),
    top_artists: top(artist),
    top_albums: top(album),
    top_genres: maybe(top(genre)),
    hours: list(whole, 24),
    hourdow: list(whole, 168),
    sentence: opt({
      top_track: maybe(track),
      top_track_plays: maybe(whole),
      top_track_prev: maybe(whole),
      new_artists: whole,
    }),
  };
  return {
    windows: Object.fromEntries(WINDOWS.map((name) => [name, span])),
    daily: opt({ start: day, plays: list(whole), minutes: list(whole) }),
    weekly: opt({ start: day, plays: list(whole), minutes: list(whole) }),
    monthly: opt({ start: month, plays: list(whole), minutes: list(whole) }),
    alldays: opt({ start: day, plays: list(whole) }),
    playlist: opt({ name: text, week: text, id: maybe(text), tracks: list(track), unplayed_days: whole }),
    recent: list(row(whole, track)),
    dict: {
      tracks: list(row(text, artist, maybe(album), maybe(text), maybe(whole))),
      artists: list(row(text, maybe(text), list(genre))),
      albums: list(row(text, artist, maybe(text))),
    },
    questions: (/** @type {any} */ asked) =>
      fault(asked, {}) === null &&
      Object.values(asked).every((one) => fault(one, { version: whole, sha256: text }) === null),
  };
}

/** @param {Record<string, any>} shape An object of that shape, or null. */
const opt = (shape) => maybe((value) => fault(value, shape) === null);
