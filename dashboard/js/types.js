// @ts-check
/**
 * The shapes of dashboard_data.json, schema 1, for `@ts-check` in the other modules. Nothing here runs, nothing imports it
 * at run time; `playledger/dashboard_data.py` is where the shapes are decided.
 *
 * @typedef {string} WindowName 1d, 7d, 30d, 90d, 365d, all, or a calendar year: 2026
 * @typedef {[index: number, plays: number, minutes: number, previousRank: number | null, rank: number,
 *   permille: number]} TopRow
 *
 * @typedef {object} Gap
 * @property {string} from
 * @property {string} to
 * @property {string | null} quiet_until
 * @property {"possible" | "certain"} class
 * @property {number} lo
 * @property {number} hi
 * @property {number | null} estimate
 *
 * @typedef {object} Health
 * @property {{state: "ok" | "needs_reauth" | "none", reauthorize_by: string | null}} auth
 * @property {{total: number, hours: number, est_lost: [number, number], items: Gap[]}} gaps
 * @property {number} late_arrivals
 * @property {number} duplicates_removed
 * @property {number} quarantined
 * @property {number} short_windows
 * @property {number} small_overlaps
 * @property {number} unconfirmed
 * @property {string | null} coverage_since
 * @property {string | null} unpolled_since
 *
 * @typedef {{plays: number, minutes: number, tracks: number, artists: number, new_artists: number}} Previous
 * @typedef {{top_track: number | null, top_track_plays: number | null, top_track_prev: number | null,
 *   new_artists: number}} Sentence
 *
 * @typedef {{plays: number, skipped: number, finished: number, shuffled: number, offline: number,
 *   platforms: [family: string, plays: number][]}} Ways
 * @typedef {{count: number, minutes: number, median_minutes: number, longest_minutes: number, longest_day: string,
 *   lengths: number[]}} Sessions
 *
 * @typedef {object} Span
 * @property {string | null} from
 * @property {string | null} to
 * @property {number} plays
 * @property {number} minutes
 * @property {number} minutes_estimated
 * @property {number} tracks
 * @property {number} artists
 * @property {number} albums
 * @property {number} new_artists
 * @property {number} new_tracks
 * @property {number} new_albums
 * @property {number} silent_days
 * @property {number} gap_minutes
 * @property {Previous | null} prev
 * @property {TopRow[]} top_tracks
 * @property {TopRow[]} top_artists
 * @property {TopRow[]} top_albums
 * @property {TopRow[] | null} top_genres
 * @property {TopRow[] | null} top_contexts
 * @property {{tracks: TopRow[], artists: TopRow[], albums: TopRow[]}} by_time
 * @property {number[]} hours
 * @property {number[]} hourdow
 * @property {Ways | null} ways
 * @property {Sessions | null} sessions
 * @property {[decade: number, plays: number, minutes: number][] | null} eras
 * @property {Sentence | null} sentence
 *
 * @typedef {{start: string, plays: number[], minutes: number[]}} Series
 * @typedef {{start: string, plays: number[]}} DaySeries
 *
 * @typedef {{days: number, from: string, to: string}} Streak
 * @typedef {{index: number, plays: number, day: string}} Binge
 *
 * @typedef {object} Records
 * @property {Streak | null} current_streak
 * @property {Streak | null} longest_streak
 * @property {Streak | null} longest_silence
 * @property {{day: string, plays: number, minutes: number} | null} fullest_day
 * @property {{day: string, plays: number, minutes: number} | null} longest_day
 * @property {{day: string, minutes: number} | null} longest_session
 * @property {Binge | null} track_in_a_row
 * @property {Binge | null} artist_in_a_row
 * @property {Binge | null} track_in_a_day
 * @property {Binge | null} artist_in_a_day
 * @property {[count: number, day: string][]} milestones
 *
 * @typedef {object} ArtistDetail
 * @property {number} artist
 * @property {number} plays
 * @property {number} minutes
 * @property {string} first
 * @property {string} last
 * @property {number[]} months
 * @property {[track: number, plays: number][]} top
 *
 * @typedef {object} Dictionary
 * @property {[name: string, artist: number, album: number | null, id: string | null, seconds: number | null][]} tracks
 * @property {[name: string, id: string | null, genres: number[]][]} artists
 * @property {[name: string, artist: number, id: string | null][]} albums
 * @property {string[]} genres
 * @property {[kind: string, id: string | null][]} contexts
 *
 * @typedef {object} Document
 * @property {1} schema
 * @property {string} app_version
 * @property {string} generated_at
 * @property {string} tz
 * @property {"live" | "demo" | "redacted"} mode
 * @property {string | null} data_day
 * @property {string | null} last_play_at
 * @property {string | null} last_poll_at
 * @property {string | null} next_poll_at
 * @property {Health} health
 * @property {{plays: number, since: string | null}} totals
 * @property {Record<string, Span>} windows
 * @property {Record<string, Span>} years
 * @property {Series | null} daily
 * @property {Series | null} weekly
 * @property {Series | null} monthly
 * @property {DaySeries | null} alldays
 * @property {{plays: number[], minutes: number[]} | null} [month_of_year]
 * @property {{start: string, new: number[], known: number[]} | null} [discovery_weekly]
 * @property {{start: string, new_tracks: number[], new_artists: number[], stuck: number[],
 *   variety: number[]} | null} [discovery_monthly]
 * @property {{start: string, tracks: (number | null)[], artists: (number | null)[]} | null} [number_ones]
 * @property {{count: number, permille: number, newest: [track: number, day: string][]} | null} [one_hit_wonders]
 * @property {[track: number, plays: number, lastDay: string][]} [forgotten]
 * @property {[track: number, silentDays: number, day: string][]} [back_after]
 * @property {{day: string, plays: number, track: number, track_plays: number}[]} [on_this_day]
 * @property {ArtistDetail[]} [artist_detail]
 * @property {Records | null} [records]
 * @property {{name: string, week: string, id: string | null, tracks: number[], unplayed_days: number} | null} playlist
 * @property {[unixSeconds: number, track: number][]} recent
 * @property {Dictionary} dict
 * @property {Record<string, {version: number, sha256: string}>} questions
 */

export {};
