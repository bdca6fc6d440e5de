// @ts-check
/** Plain tables: the twins of the charts, the gaps, the facts on the record, the questions that were asked. */

import { byId, el, say } from "./dom.js";
import { counted, date, day, estimate, moment, number } from "./format.js";
import { facts } from "./lists.js";

/** @typedef {import("./types.js").Document} Document */

/** @type {WeakMap<HTMLDetailsElement, () => void>} What fills a twin, once it is unfolded: most are never looked at. */
const folded = new WeakMap();

/** @param {string} id @param {() => void} build Fills now where the table can be seen, else when its twin is opened. */
function whenOpen(id, build) {
  const twin = byId(id).closest("details");
  if (!twin) return build();
  if (twin.open) build();
  else byId(id).replaceChildren();
  folded.set(twin, build);
  twin.ontoggle = () => twin.open && folded.get(twin)?.();
}

/**
 * @param {string} id
 * @param {string} caption
 * @param {string[]} heads the first names the rows; the rest are numbers but for names, which are nodes
 * @param {(string | Node)[][]} rows
 */
export function fill(id, caption, heads, rows) {
  whenOpen(id, () => build(id, caption, heads, rows));
}

/** @param {string} id @param {string} caption @param {string[]} heads @param {(string | Node)[][]} rows */
function build(id, caption, heads, rows) {
  const head = el("tr", {}, ...heads.map((name) => el("th", { scope: "col" }, name)));
  const body = rows.map(([name, ...cells]) =>
    el("tr", {}, el("th", { scope: "row" }, name), ...cells.map((cell) => el("td", {}, cell))),
  );
  byId(id).replaceChildren(el("caption", { class: "vh" }, caption), el("thead", {}, head), el("tbody", {}, ...body));
}

/** @param {Document} doc */
export function showQuality(doc) {
  const { health, totals, tz } = doc;
  facts("facts", [
    ["Plays kept", number(totals.plays), totals.since ? `since ${day(totals.since, "plain")}` : ""],
    [
      "Covered since",
      health.coverage_since ? date(health.coverage_since, tz) : "–",
      "by polling or an imported export",
    ],
    ["Came late", number(health.late_arrivals), "behind a newer play, and were kept"],
    ["Duplicates removed", number(health.duplicates_removed), "the same play seen more than once"],
    ["Unconfirmed", number(health.unconfirmed), "polled, but not in the export of that time"],
    ["Unreadable", number(health.quarantined), "kept aside with the reason"],
    ["Short answers", number(health.short_windows), "Spotify gave less than it knows"],
    ["Close calls", number(health.small_overlaps), "a check that hardly overlapped the one before"],
  ]);
  showGaps(health.gaps, tz);
}

const GAPS_EXPLAINED =
  "A gap is possible until something proves a play in it. Where a check inside it saw nothing new, the part before " +
  "that check was most likely quiet.";

/** @param {import("./types.js").Health["gaps"]} gaps @param {string} tz */
function showGaps({ total, hours, est_lost: [lo, hi], items }, tz) {
  byId("gaps").hidden = !total;
  const newest = total > items.length ? ` The newest ${items.length} are listed, and drawn in the chart.` : "";
  const size = `${counted(total, "gap")}, ${counted(hours, "hour")} in all; ${number(lo)} to ${number(hi)} plays may be missing.`;
  say("gaps-words", `${size}${newest} ${GAPS_EXPLAINED}`);
  const rows = items.map((gap) => [
    moment(gap.from, tz),
    moment(gap.to, tz),
    gap.class,
    gap.quiet_until ? moment(gap.quiet_until, tz) : "–",
    `${number(gap.lo)} – ${number(gap.hi)}`,
    gap.estimate === null ? "–" : `≈ ${estimate(gap.estimate)}`,
  ]);
  fill(
    "gaps-table",
    "Gaps in the record, newest first",
    ["After", "Before", "Class", "Quiet until", "Plays missing", "Expected"],
    rows,
  );
}

/** @param {Document} doc */
export function showQuestions(doc) {
  const rows = Object.entries(doc.questions).map(([name, { version, sha256 }]) => [
    name,
    String(version),
    sha256.slice(0, 12),
  ]);
  fill("questions", "Questions in SQL behind these numbers", ["Question", "Version", "SHA-256 begins"], rows);
  say("version", `Playledger ${doc.app_version} · data schema ${doc.schema}`);
}
