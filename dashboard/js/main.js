// @ts-check
/** Start-up, top to bottom: fetch, check, then fill each part of the page. */

import { followScheme } from "./charts/frame.js";
import { showHours } from "./charts/hours.js";
import { load } from "./data.js";
import { showDiscovery } from "./discovery.js";
import { showFreshness } from "./freshness.js";
import { nowOf, showHealth } from "./health.js";
import { showListening, showMonthsOfYear } from "./listening.js";
import { showPlaylist, showRecent } from "./lists.js";
import { showOverTime } from "./over_time.js";
import { showTops } from "./rankings.js";
import { showRecords } from "./records.js";
import { drawWeek, startDays } from "./squares.js";
import { setState, showNeverPlayed, showProblem } from "./states.js";
import { showQuality, showQuestions } from "./tables.js";
import { showTiles } from "./tiles.js";
import { showSpan, spanOf, startWindows } from "./windows.js";

const wide = matchMedia("(min-width: 48rem)");

/** @param {import("./types.js").Document} doc @param {import("./types.js").WindowName} name */
function showWindow(doc, name) {
  const span = spanOf(doc, name);
  showSpan(doc, name, nowOf(doc));
  showTiles(doc, name);
  showOverTime(doc, name);
  showTops(doc, span);
  showHours(span.hours);
  showListening(span);
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
  showMonthsOfYear(doc);
  showDiscovery(doc);
  showRecords(doc);
  showRecent(doc);
  showPlaylist(doc);
}

const answer = await load("dashboard_data.json");
if ("problem" in answer) showProblem(answer.problem);
else showDocument(answer.document);
