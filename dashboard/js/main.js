// @ts-check
/** Start-up, top to bottom: fetch, check, then fill each part of the page. */

import { draw, followScheme } from "./charts/frame.js";
import { showHours } from "./charts/hours.js";
import { buckets, overTime, stretches, words } from "./charts/over_time.js";
import { load } from "./data.js";
import { byId, say } from "./dom.js";
import { showFreshness } from "./freshness.js";
import { nowOf, showHealth } from "./health.js";
import { showPlaylist, showRecent } from "./lists.js";
import { showTops } from "./rankings.js";
import { drawWeek, startDays } from "./squares.js";
import { setState, showNeverPlayed, showProblem } from "./states.js";
import { showBuckets, showQuality, showQuestions } from "./tables.js";
import { showTiles } from "./tiles.js";
import { showSpan, spanOf, startWindows } from "./windows.js";

const wide = matchMedia("(min-width: 48rem)");

/** @param {import("./types.js").Document} doc @param {import("./types.js").WindowName} name */
function showWindow(doc, name) {
  const span = spanOf(doc, name);
  showSpan(doc, name, nowOf(doc));
  showTiles(doc, name);
  const axis = buckets(doc, name);
  const gaps = stretches(doc, axis);
  say("over-time-words", words(span, axis));
  byId("over-time-key").hidden = !gaps.length;
  draw(byId("over-time"), overTime(axis, gaps));
  showBuckets(axis, gaps);
  showTops(doc, span);
  showHours(span.hours);
  drawWeek(span.hourdow, wide.matches);
  wide.onchange = () => drawWeek(span.hourdow, wide.matches);
}

/** @param {import("./types.js").Document} doc */
function showDocument(doc) {
  const tick = () => (showHealth(doc, nowOf(doc)), showFreshness(doc, nowOf(doc)));
  tick();
  setInterval(tick, 60_000);
  showQuality(doc);
  showQuestions(doc);
  if (!doc.totals.plays || !doc.data_day) return showNeverPlayed();
  setState("ready");
  startWindows(doc, (name) => showWindow(doc, name));
  followScheme();
  if (doc.alldays) startDays(doc.alldays, doc.data_day);
  showRecent(doc);
  showPlaylist(doc);
}

const answer = await load("dashboard_data.json");
if ("problem" in answer) showProblem(answer.problem);
else showDocument(answer.document);
