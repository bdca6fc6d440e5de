// @ts-check
/** What the page says when there are no numbers to show, and what to do about it. */

import { byId, say } from "./dom.js";
import { SCHEMA } from "./parts.js";

/** @typedef {import("./data.js").Problem} Problem */

/** @param {"loading" | "ready" | "empty" | "problem"} state */
export function setState(state) {
  document.body.dataset.state = state;
}

/** @param {string} title @param {string} text @param {string} more */
function notice(title, text, more) {
  say("notice-title", title);
  say("notice-text", text);
  say("notice-more", more);
  byId("notice").hidden = false;
}

/** The record exists, and nothing was ever played into it. */
export function showNeverPlayed() {
  setState("empty");
  notice(
    "Nothing played yet",
    "Play something on Spotify. The first check within the hour writes it down, the next night puts it on this page.",
    "Years from before can be added at any time from Spotify’s account export, with playledger import.",
  );
}

/** @param {Problem} problem */
export function showProblem({ kind, detail }) {
  setState("problem");
  byId("health").dataset.severity = "bad";
  say("health-mark", "×");
  const { verdict, title, text } = WORDS[kind](detail);
  say("verdict", verdict);
  byId("concerns").replaceChildren();
  notice(title, text, detail ? `What was found: ${detail}.` : "");
}

/** @type {Record<Problem["kind"], (detail: string) => {verdict: string, title: string, text: string}>} */
const WORDS = {
  missing: () => ({
    verdict: "No data file",
    title: "There are no numbers here yet",
    text: "dashboard_data.json is written by the nightly run. To have it now: playledger aggregate, then load this page again.",
  }),
  unreachable: () => ({
    verdict: "Data out of reach",
    title: "The numbers could not be fetched",
    text: "The server did not answer as it should. On your own machine: is playledger serve still running? Then load again.",
  }),
  broken: () => ({
    verdict: "Data damaged",
    title: "The numbers cannot be read",
    text: "dashboard_data.json is damaged. The record itself is untouched: playledger aggregate builds the file again.",
  }),
  "other schema": (schema) => ({
    verdict: "Page and data do not match",
    title: "This page reads another kind of file",
    text: `The data has schema ${schema}, this page reads ${SCHEMA}: two versions of Playledger. Update both, then build again.`,
  }),
};
