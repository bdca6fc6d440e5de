// @ts-check
/** Checks on values that came as JSON: each says whether the value is what its name says. Unknown keys are no fault. */

/** @typedef {(value: any) => boolean} Check */

/** @type {Check} */
export const text = (value) => typeof value === "string";
/** @type {Check} */
export const whole = (value) => Number.isSafeInteger(value) && value >= 0;
/** @type {Check} */
export const amount = (value) => Number.isFinite(value);
/** @type {Check} */
export const month = (value) => text(value) && /^\d{4}-(0[1-9]|1[0-2])$/.test(value);
/** @type {Check} */
export const day = (value) => text(value) && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value));
/** @type {Check} */
export const instant = (value) =>
  text(value) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) && !Number.isNaN(Date.parse(value));

/** @type {Check} */
export function zone(value) {
  try {
    return text(value) && value !== "" && Boolean(new Intl.DateTimeFormat("en", { timeZone: value }));
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** @param {any[]} values @returns {Check} */
export const among =
  (...values) =>
  (value) =>
    values.includes(value);

/** @param {Check} check @returns {Check} */
export const maybe = (check) => (value) => value === null || check(value);

/** @param {Check} check For keys that an older document lacks. @returns {Check} */
export const unless = (check) => (value) => value === undefined || check(value);

/** @param {Record<string, any>} shape @returns {Check} */
export const of = (shape) => (value) => fault(value, shape) === null;

/** @param {Check} check An object with any keys, and such values. @returns {Check} */
export const each = (check) => (value) => fault(value, {}) === null && Object.values(value).every(check);

/** @param {Check} check @param {number} [length] @returns {Check} */
export const list = (check, length) => (value) =>
  Array.isArray(value) && (length === undefined || value.length === length) && value.every(check);

/** @param {Check[]} checks @returns {Check} */
export const row =
  (...checks) =>
  (value) =>
    Array.isArray(value) && value.length === checks.length && checks.every((check, at) => check(value[at]));

/** @param {number} size @returns {Check} */
export const indexInto = (size) => (value) => whole(value) && value < size;

/**
 * The first part of `value` that its check refuses, as a path; null where all is well.
 * @param {any} value
 * @param {Record<string, any>} shape nested objects of checks
 * @param {string} [path]
 * @returns {string | null}
 */
export function fault(value, shape, path = "") {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return path || "the document";
  for (const [key, check] of Object.entries(shape)) {
    const at = path ? `${path}.${key}` : key;
    const wrong = typeof check === "function" ? (check(value[key]) ? null : at) : fault(value[key], check, at);
    if (wrong) return wrong;
  }
  return null;
}
