// @ts-check
/** What each part of dashboard_data.json must be, for data.js to compare. Parts that it may lack are `unless`. */

import { among, amount, day, each, indexInto, instant, list, maybe, month, of, row } from "./shape.js";
import { text, unless, whole, zone } from "./shape.js";

export const SCHEMA = 1;
const WINDOWS = ["1d", "7d", "30d", "90d", "365d", "all"];

/** @param {string[]} keys @param {Record<string, any>} [others] An object with whole numbers under these keys. */
const numbers = (keys, others = {}) => ({ ...Object.fromEntries(keys.map((key) => [key, whole])), ...others });

/** @param {Record<string, any>} shape */
const opt = (shape) => maybe(of(shape));

const GAP = numbers(["lo", "hi"], {
  from: instant,
  to: instant,
  quiet_until: maybe(instant),
  class: among("possible", "certain"),
  estimate: maybe(amount),
});
const COUNTED = ["late_arrivals", "duplicates_removed", "quarantined", "short_windows", "small_overlaps"];

export const HEAD = {
  schema: among(SCHEMA),
  app_version: text,
  generated_at: instant,
  tz: zone,
  mode: among("live", "demo", "redacted"),
  data_day: maybe(day),
  last_play_at: maybe(instant),
  last_poll_at: maybe(instant),
  health: numbers([...COUNTED, "unconfirmed"], {
    auth: { state: among("ok", "needs_reauth", "none"), reauthorize_by: maybe(instant) },
    gaps: { total: whole, hours: whole, est_lost: row(whole, whole), items: list(of(GAP)) },
    coverage_since: maybe(instant),
    unpolled_since: maybe(instant),
  }),
  totals: { plays: whole, since: maybe(day) },
  dict: {
    tracks: Array.isArray,
    artists: Array.isArray,
    albums: Array.isArray,
    genres: list(text),
    contexts: list(row(text, maybe(text))),
  },
};

const PREVIOUS = numbers(["plays", "minutes", "tracks", "artists", "new_artists"]);
const TALLIES = ["minutes_estimated", "albums", "new_tracks", "new_albums", "silent_days", "gap_minutes"];
const WAYS = numbers(["plays", "skipped", "finished", "shuffled", "offline"], { platforms: list(row(text, whole)) });
const SESSIONS = numbers(["count", "minutes", "median_minutes", "longest_minutes"], {
  longest_day: day,
  lengths: list(whole, 6),
});

/** @typedef {Record<"track" | "artist" | "album" | "genre" | "context", import("./shape.js").Check>} Indexes */

/** @param {Indexes} index */
function span({ track, artist, album, genre, context }) {
  const top = (/** @type {import("./shape.js").Check} */ index) =>
    list(row(index, whole, whole, maybe(whole), whole, whole));
  return numbers([...Object.keys(PREVIOUS), ...TALLIES], {
    from: maybe(day),
    to: maybe(day),
    prev: opt(PREVIOUS),
    top_tracks: top(track),
    top_artists: top(artist),
    top_albums: top(album),
    top_genres: maybe(top(genre)),
    top_contexts: maybe(top(context)),
    by_time: { tracks: top(track), artists: top(artist), albums: top(album) },
    hours: list(whole, 24),
    hourdow: list(whole, 168),
    ways: opt(WAYS),
    sessions: opt(SESSIONS),
    eras: maybe(list(row(whole, whole, whole))),
    sentence: opt({
      top_track: maybe(track),
      top_track_plays: maybe(whole),
      top_track_prev: maybe(whole),
      new_artists: whole,
    }),
  });
}

/** @param {Indexes} index What was found, and what stands out, in the whole record. */
function tales({ track, artist }) {
  const binge = (/** @type {import("./shape.js").Check} */ index) => opt({ index, plays: whole, day });
  const streak = opt({ days: whole, from: day, to: day });
  const monthly = { new_tracks: list(whole), new_artists: list(whole), stuck: list(whole), variety: list(whole) };
  const records = {
    current_streak: streak,
    longest_streak: streak,
    longest_silence: streak,
    fullest_day: opt({ day, plays: whole, minutes: whole }),
    longest_day: opt({ day, plays: whole, minutes: whole }),
    longest_session: opt({ day, minutes: whole }),
    track_in_a_row: binge(track),
    artist_in_a_row: binge(artist),
    track_in_a_day: binge(track),
    artist_in_a_day: binge(artist),
    milestones: list(row(whole, day)),
  };
  const detail = numbers(["plays", "minutes"], { artist, first: day, last: day, months: list(whole, 24) });
  return {
    month_of_year: unless(opt({ plays: list(whole, 12), minutes: list(whole, 12) })),
    discovery_weekly: unless(opt({ start: day, new: list(whole), known: list(whole) })),
    discovery_monthly: unless(opt({ start: month, ...monthly })),
    number_ones: unless(opt({ start: month, tracks: list(maybe(track)), artists: list(maybe(artist)) })),
    one_hit_wonders: unless(opt({ count: whole, permille: whole, newest: list(row(track, day)) })),
    forgotten: unless(list(row(track, whole, day))),
    back_after: unless(list(row(track, whole, day))),
    on_this_day: unless(list(of(numbers(["plays", "track_plays"], { day, track })))),
    artist_detail: unless(list(of({ ...detail, top: list(row(track, whole)) }))),
    records: unless(opt(records)),
  };
}

/** @param {any} dict The parts that point into the dictionary. */
export function parts(dict) {
  const kinds = ["track", "artist", "album", "genre", "context"];
  const index = /** @type {Indexes} */ (
    Object.fromEntries(kinds.map((kind) => [kind, indexInto(dict[`${kind}s`].length)]))
  );
  const { track, artist, album, genre } = index;
  const series = { plays: list(whole), minutes: list(whole) };
  return {
    windows: Object.fromEntries(WINDOWS.map((name) => [name, span(index)])),
    years: (/** @type {any} */ years) =>
      each(of(span(index)))(years) && Object.keys(years).every((year) => /^\d{4}$/.test(year)),
    daily: opt({ start: day, ...series }),
    weekly: opt({ start: day, ...series }),
    monthly: opt({ start: month, ...series }),
    alldays: opt({ start: day, plays: list(whole) }),
    ...tales(index),
    playlist: opt({ name: text, week: text, id: maybe(text), tracks: list(track), unplayed_days: whole }),
    recent: list(row(whole, track)),
    dict: {
      tracks: list(row(text, artist, maybe(album), maybe(text), maybe(whole))),
      artists: list(row(text, maybe(text), list(genre))),
      albums: list(row(text, artist, maybe(text))),
    },
    questions: each(of({ version: whole, sha256: text })),
  };
}
