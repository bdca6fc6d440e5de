// @ts-check
/** Fetches dashboard_data.json and makes sure that it is what the page was written for, before anything is drawn. */

import { HEAD, parts, SCHEMA } from "./parts.js";
import { fault } from "./shape.js";

/** @typedef {import("./types.js").Document} Document */
/** @typedef {{kind: "missing" | "unreachable" | "broken" | "other schema", detail: string}} Problem */

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
