// One import as it stands: asked for once, followed live while anything moves. Says which step of the wizard that is.
// Never changes an import; what its screens change comes back through `changed`.

import { follow, Problem } from "../../api.js";
import { useAsk } from "../../ui.js";
import { useEffect, useRef, useState } from "../../vendor/preact.js";

/** @typedef {any} Import an import as the API tells it */
/**
 * What the steps are given.
 * @typedef {object} Desk
 * @property {Import} imported
 * @property {(imported?: Import) => void} changed it was changed: take this, or ask for it, and follow what comes of it
 * @property {<T>(asked: Promise<T>) => Promise<T | null>} settle wait for a change; null where the import had moved on
 *   elsewhere, which is then said at the top while the import is shown as it stands
 */

/**
 * @param {string} id
 * @param {any} platform a new object whenever somebody has signed in: then all is asked for again
 * @returns {Desk & {problem: Problem | null, conflict: Problem | null, isLost: boolean, reload: () => Promise<void>}}
 */
export function useImport(id, platform) {
  const { data, problem, reload, setData } = useAsk(`/imports/${id}`);
  const [turn, setTurn] = useState(0);
  const [conflict, setConflict] = useState(/** @type {Problem | null} */ (null));
  const [isLost, setLost] = useState(false); // the events that are followed
  const newest = useRef(/** @type {Import} */ (null));
  if (data) newest.current = data;

  const changed = (/** @type {Import} */ imported) => {
    if (imported) setData(imported);
    else void reload();
    setTurn((before) => before + 1);
  };
  const settle = async (/** @type {Promise<any>} */ asked) => {
    try {
      const answer = await asked;
      setConflict(null);
      return answer;
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 409) throw error;
      setConflict(error);
      changed(null);
      return null;
    }
  };

  const isThere = data !== null;
  useEffect(() => {
    if (!isThere) return;
    const stop = new AbortController();
    let hasMoved = false;
    const take = (/** @type {any} */ told) => {
      const before = newest.current;
      hasMoved ||= !told.at_rest;
      newest.current = withNews(before, told);
      setData(newest.current);
      if (told.state !== before.state || told.version !== before.version || (told.at_rest && hasMoved)) void reload();
    };
    follow(`/imports/${id}/events`, take, setLost, stop.signal).catch(() => {}); // what ends it is said by what is asked next
    return () => stop.abort();
  }, [isThere, turn, platform]);

  const entered = useRef(platform);
  useEffect(() => {
    const look = () => void (document.visibilityState === "visible" && changed(null));
    if (entered.current !== platform) look();
    entered.current = platform;
    document.addEventListener("visibilitychange", look); // another tab may have changed it
    return () => document.removeEventListener("visibilitychange", look);
  }, [platform]);

  return { imported: data ?? newest.current, changed, settle, problem, conflict, isLost, reload };
}

/** An import with what an event told, which leaves out what may be long. @param {Import} imported @param {any} told */
function withNews(imported, { at_rest: _, ...told }) {
  const creates = imported.result?.creates ?? { organisations: [], student_groups: [], labels: [], teams: [] };
  return { ...imported, ...told, result: told.result && { creates, ...told.result } };
}

/**
 * The step an import is at; one before it where that is wanted and still possible.
 * @param {Import} imported
 * @param {string | null} wanted
 * @returns {"match" | "preview" | "stuck" | "gone" | "outcome"}
 */
export function stepOf(imported, wanted) {
  if (imported.commit) return "outcome";
  if (imported.file.deleted_at) return "gone";
  if (imported.state === "uploaded" || wanted === "match") return "match";
  return imported.state === "failed" ? "stuck" : "preview";
}

const AT_WORK = ["checking", "committing", "cancelling", "undoing"];

/** Whether a worker has something to do with an import that shows in its state. @param {Import} imported */
export const isAtWork = (imported) => AT_WORK.includes(imported.state);
