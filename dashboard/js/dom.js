// @ts-check
/** Ways to fill the page. Whatever comes from the data becomes a text node, never markup. */

/**
 * The element of that id, which index.html must hold.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}`);
  return found;
}

/**
 * A new element. Attributes that are null are left out; strings become text nodes.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | null>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}

/**
 * Replaces the text of an element.
 * @param {string} id
 * @param {string} text
 */
export function say(id, text) {
  byId(id).textContent = text;
}

/**
 * A moment as a `time` element.
 * @param {string} iso
 * @param {string} text
 */
export function time(iso, text) {
  return el("time", { datetime: iso }, text);
}

const KINDS = ["track", "artist", "album", "playlist", "show"];

/**
 * A name of any script and direction, linked to Spotify where its id is one.
 * @param {string} name
 * @param {string} kind
 * @param {string | null} id
 */
export function named(name, kind, id) {
  const text = el("bdi", {}, name || "(no name)");
  if (id === null || !KINDS.includes(kind) || !/^[A-Za-z0-9]{22}$/.test(id)) return text;
  return el("a", { href: `https://open.spotify.com/${kind}/${id}`, rel: "noreferrer" }, text);
}
