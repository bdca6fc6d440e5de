// @ts-check
/** The strip that is always there: what the record knows of its own state, the worst first. */

import { byId, el, say } from "./dom.js";
import { ago, counted, date, moment, number } from "./format.js";

/** @typedef {import("./types.js").Document} Document */
/** @typedef {{severity: "bad" | "warn" | "note", title: string, text: string}} Concern */

const HOUR = 3_600_000;
const STALE_HOURS = 36;
const WARN_DAYS = 30;
const ORDER = ["bad", "warn", "note"];
const MARKS = { bad: "×", warn: "!", note: "≈", fine: "✓", wait: "…" };

/** @param {Document} doc Unix milliseconds; a demonstration stands still. */
export const nowOf = (doc) => (doc.mode === "demo" ? Date.parse(doc.generated_at) : Date.now());

/**
 * @param {Document} doc
 * @param {number} now
 * @returns {Concern[]}
 */
export function concerns(doc, now) {
  const found = [...login(doc, now), ...stale(doc, now), ...unpolled(doc), ...gaps(doc), ...unread(doc)];
  return found.sort((one, other) => ORDER.indexOf(one.severity) - ORDER.indexOf(other.severity));
}

/** @param {Document} doc @param {number} now @returns {Concern[]} */
function login({ health: { auth }, tz }, now) {
  if (auth.state === "needs_reauth") {
    return [
      {
        severity: "bad",
        title: "Log in again",
        text: "Spotify no longer accepts the login; nothing is recorded until then.",
      },
    ];
  }
  if (auth.state === "none" || !auth.reauthorize_by) return [];
  const left = Date.parse(auth.reauthorize_by) - now;
  if (left < 0)
    return [
      {
        severity: "bad",
        title: "Log in again",
        text: `The login expired on ${date(auth.reauthorize_by, tz)}; nothing is recorded until then.`,
      },
    ];
  if (left > WARN_DAYS * 24 * HOUR) return [];
  return [
    {
      severity: "warn",
      title: `Log in again by ${date(auth.reauthorize_by, tz)}`,
      text: "Spotify ends every login after six months.",
    },
  ];
}

/** @param {Document} doc @param {number} now @returns {Concern[]} */
function stale(doc, now) {
  const isOld = (/** @type {string | null} */ iso) => iso !== null && now - Date.parse(iso) > STALE_HOURS * HOUR;
  if (isOld(doc.generated_at))
    return [
      {
        severity: age(doc.generated_at, now),
        title: "These numbers are old",
        text: `This page was built ${ago(doc.generated_at, now)}: the nightly run may have stopped.`,
      },
    ];
  if (doc.last_poll_at && isOld(doc.last_poll_at))
    return [
      {
        severity: age(doc.last_poll_at, now),
        title: "No news from Spotify",
        text: `The last check was ${ago(doc.last_poll_at, now)}: plays since then may be lost.`,
      },
    ];
  return [];
}

/** @param {string} iso @param {number} now @returns {"bad" | "warn"} */
const age = (iso, now) => (now - Date.parse(iso) > 7 * 24 * HOUR ? "bad" : "warn");

/** @param {Document} doc @returns {Concern[]} */
function unpolled({ health: { unpolled_since }, generated_at, tz }) {
  if (!unpolled_since) return [];
  return [
    {
      severity: "warn",
      title: "Checks had stopped",
      text: `None succeeded from ${moment(unpolled_since, tz)} to ${moment(generated_at, tz)}: plays may be lost.`,
    },
  ];
}

/** @param {Document} doc @returns {Concern[]} */
function gaps({ health: { gaps } }) {
  if (!gaps.total) return [];
  const [lo, hi] = gaps.est_lost.map(number);
  return [
    {
      severity: "note",
      title: `${counted(gaps.total, "gap")} in the record`,
      text: `${counted(gaps.hours, "hour")} not covered, ${lo} to ${hi} plays may be missing. Hatched in the chart.`,
    },
  ];
}

/** @param {Document} doc @returns {Concern[]} */
function unread({ health: { quarantined } }) {
  if (!quarantined) return [];
  return [
    {
      severity: "note",
      title: `${counted(quarantined, "record")} could not be read`,
      text: "Kept aside with the reason; nothing is thrown away.",
    },
  ];
}

/** @param {Document} doc @param {number} now */
export function showHealth(doc, now) {
  const [worst, ...others] = concerns(doc, now);
  const { severity, title, text } = worst ?? unconcerned(doc);
  byId("health").dataset.severity = severity;
  say("health-mark", MARKS[severity]);
  say("verdict", title);
  const lines = others.map((other) => el("li", {}, el("b", {}, `${other.title}.`), ` ${other.text}`));
  byId("concerns").replaceChildren(el("li", {}, text), ...lines);
}

/** @param {Document} doc @returns {{severity: "fine" | "wait", title: string, text: string}} */
function unconcerned({ health: { coverage_since }, tz }) {
  return coverage_since
    ? { severity: "fine", title: "Record complete", text: `No gap known since ${date(coverage_since, tz)}.` }
    : { severity: "wait", title: "Nothing recorded yet", text: "The record begins with the first check." };
}
