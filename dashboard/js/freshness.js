// @ts-check
/** When the last play, the last check and the page itself were, on the listener's clock and in words. */

import { byId, el, say, time } from "./dom.js";
import { ago, clock, dayOf } from "./format.js";

/** @param {import("./types.js").Document} doc @param {number} now */
export function showFreshness(doc, now) {
  stamp("last-play", doc.last_play_at, doc.tz, now, "none yet");
  stamp("last-check", doc.last_poll_at, doc.tz, now, "none yet");
  stamp("built", doc.generated_at, doc.tz, now, "");
  say("zone", doc.tz.replaceAll("_", " "));
}

/** @param {string} id @param {string | null} iso @param {string} tz @param {number} now @param {string} otherwise */
function stamp(id, iso, tz, now, otherwise) {
  if (!iso) return say(id, otherwise);
  byId(id).replaceChildren(
    time(iso, `${dayOf(iso, tz)}, ${clock(iso, tz)}`),
    " ",
    el("span", { class: "ago" }, ago(iso, now)),
  );
}
