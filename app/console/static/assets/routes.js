// Which screen the address asks for: `#/imports/ID?x=y`. The back button is the browser's own.

import { useEffect, useState } from "./vendor/preact.js";

/** @typedef {{parts: string[], query: URLSearchParams}} Route */

/** The route of the moment. @returns {Route} */
export function currentRoute() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  return { parts: path.split("/").filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

/** A part of an address somebody may have typed. @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The same, for a component that shows it. */
export function useRoute() {
  const [route, setRoute] = useState(currentRoute);
  useEffect(() => {
    const change = () => setRoute(currentRoute());
    addEventListener("hashchange", change);
    return () => removeEventListener("hashchange", change);
  }, []);
  return route;
}

/** The address of a screen. @param {string[]} parts @param {Record<string, unknown>} [query] */
export function href(parts, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const search = given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : "";
  return `#/${parts.map(encodeURIComponent).join("/")}${search}`;
}

/**
 * Go to a screen; `replace`: the back button does not come here again.
 * @param {string} to
 * @param {{replace?: boolean}} [how]
 */
export function go(to, { replace = false } = {}) {
  if (replace) location.replace(to);
  else location.hash = to;
}
