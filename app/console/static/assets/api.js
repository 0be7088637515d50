// Talks to the public JSON API and to nothing else. Knows sessions and problems, no screen.

import { SERVICE } from "./config.js";
import { language } from "./texts.js";

const PREFIX = `${SERVICE}/api/v1`;
/** Whether these files come from another site than the service: then a token is sent instead of a cookie. */
export const IS_ELSEWHERE = SERVICE !== "" && SERVICE !== location.origin;
const TOKEN = "rollcall.session";

/** What the API refused, or that it could not be reached (`code` is then `unreachable`, `status` 0). */
export class Problem extends Error {
  /**
   * @param {{status: number, code: string, title: string, detail?: string, errors?: FieldError[], retryAfter?:
   *   number}} body
   */
  constructor(body) {
    super(body.detail || body.title);
    this.status = body.status;
    this.code = body.code;
    this.title = body.title;
    /** @type {FieldError[]} */
    this.errors = body.errors ?? [];
    this.retryAfter = body.retryAfter ?? 0;
  }

  /** The sentence about one field, by its JSON pointer. @param {string} pointer */
  about(pointer) {
    return this.errors.find((error) => error.pointer === pointer)?.message ?? "";
  }
}

/** @typedef {{pointer: string, code: string, message: string}} FieldError */

/** @type {(() => Promise<void>) | null} */
let askToSignIn = null;
/** @type {Promise<void> | null} */
let asking = null;

/**
 * Who asks the person to sign in again when a session ends in the middle; resolves when they have. What the API was
 * asked meanwhile waits and is then asked once more, so nothing is lost. Returns what takes that back.
 * @param {() => Promise<void>} again
 */
export function onSignedOut(again) {
  askToSignIn = again;
  return () => void (askToSignIn = null);
}

/**
 * The answer to a request; where the session has ended, to the same request under the next session.
 * @param {string} path
 * @param {() => Promise<Response>} request
 * @param {AbortSignal} [signal]
 */
async function answered(path, request, signal) {
  for (;;) {
    const response = await request();
    if (response.status !== 401 || !askToSignIn || path === "/sessions") return response;
    asking ??= askToSignIn().finally(() => (asking = null));
    await asking;
    signal?.throwIfAborted();
  }
}

/**
 * Headers of every request: on the service's own site the mark that goes with the cookie, elsewhere a bearer token.
 * @param {Record<string, string>} more
 * @returns {Record<string, string>}
 */
function headers(more) {
  const said = { "Accept-Language": language(), ...more };
  if (!IS_ELSEWHERE) return { "X-Rollcall-Request": "1", ...said };
  const token = sessionStorage.getItem(TOKEN);
  return token ? { Authorization: `Bearer ${token}`, ...said } : said;
}

/**
 * Ask the API. Resolves with the answer's JSON (null where there is none), rejects with a Problem.
 * @param {string} method
 * @param {string} path below `/api/v1`
 * @param {{body?: unknown, query?: Record<string, unknown>, key?: string, signal?: AbortSignal}} [options] `key`: an
 *   idempotency key, so that a retry never does twice what was done
 * @returns {Promise<any>}
 */
export async function ask(method, path, { body, query, key, signal } = {}) {
  const response = await send(method, path, { body, query, key, signal });
  return response.status === 204 ? null : response.json();
}

/** As `ask`, with the response itself: status, headers, a body that is no JSON.
 * @param {string} method @param {string} path
 * @param {{body?: unknown, query?: Record<string, unknown>, key?: string, signal?: AbortSignal, accept?: string}}
 *   [options]
 */
export async function send(method, path, { body, query, key, signal, accept } = {}) {
  /** @type {Record<string, string>} */
  const more = {};
  if (body !== undefined) more["Content-Type"] = "application/json";
  if (key) more["Idempotency-Key"] = key;
  if (accept) more.Accept = accept;
  const request = () =>
    fetch(`${PREFIX}${path}${queryOf(query)}`, {
      method,
      headers: headers(more),
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: IS_ELSEWHERE ? "omit" : "same-origin",
      signal,
    });
  let response;
  try {
    response = await answered(path, request, signal);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem({ status: 0, code: "unreachable", title: "unreachable" });
  }
  if (response.ok) return response;
  throw await problemOf(response);
}

/** @param {Response} response */
async function problemOf(response) {
  const retryAfter = Number(response.headers.get("Retry-After")) || 0;
  try {
    return new Problem({ ...(await response.json()), status: response.status, retryAfter });
  } catch {
    return new Problem({ status: response.status, code: "unreachable", title: response.statusText, retryAfter });
  }
}

/** @param {Record<string, unknown>} [query] */
function queryOf(query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : "";
}

/** An idempotency key: make one for an intention, and use it for every try. */
export const newKey = () => crypto.randomUUID();

/** Where a GET can be opened or downloaded from. @param {string} path @param {Record<string, unknown>} [query] */
export const addressOf = (path, query) => `${PREFIX}${path}${queryOf(query)}`;

// --- sessions ------------------------------------------------------------------------------------------------------

/**
 * Sign in; from another site with a token that ends with the tab.
 * @param {{platform?: string, email: string, password: string}} who
 */
export async function signIn(who) {
  const session = await ask("POST", "/sessions", { body: { ...who, mode: IS_ELSEWHERE ? "token" : "cookie" } });
  if (IS_ELSEWHERE) sessionStorage.setItem(TOKEN, session.token);
}

/** Sign out, here and on the service. A session that has ended already is no trouble. */
export async function signOut() {
  askToSignIn = null;
  try {
    await ask("DELETE", "/sessions/current");
  } catch (error) {
    if (!(error instanceof Problem && error.status === 401)) throw error;
  }
  sessionStorage.removeItem(TOKEN);
}

// --- files -----------------------------------------------------------------------------------------------------------

/**
 * Send a file. Only this way does a browser tell how far it is.
 * @param {string} path
 * @param {Blob} file
 * @param {{query?: Record<string, unknown>, type: string, key: string, signal: AbortSignal, progress: (share: number)
 *   => void}} options
 *   `progress`: how much of it has left, 0 to 1
 * @returns {Promise<any>} the answer's JSON; rejects with a Problem, or with the signal's reason where it was aborted
 */
export async function upload(path, file, { query, type, key, signal, progress }) {
  const request = () => sent(`${PREFIX}${path}${queryOf(query)}`, file, { type, key, signal, progress });
  const response = await answered(path, request, signal);
  if (response.ok) return response.json();
  throw await problemOf(response);
}

/**
 * @param {string} address
 * @param {Blob} file
 * @param {{type: string, key: string, signal: AbortSignal, progress: (share: number) => void}} options
 * @returns {Promise<Response>}
 */
function sent(address, file, { type, key, signal, progress }) {
  const request = new XMLHttpRequest();
  request.open("POST", address);
  const given = headers({ "Content-Type": type, "Idempotency-Key": key });
  for (const [name, value] of Object.entries(given)) request.setRequestHeader(name, value);
  request.upload.onprogress = (event) => progress(event.total ? event.loaded / event.total : 1);
  return new Promise((resolve, reject) => {
    request.onload = () => {
      const retryAfter = request.getResponseHeader("Retry-After") ?? "";
      resolve(new Response(request.responseText, { status: request.status, headers: { "Retry-After": retryAfter } }));
    };
    request.onerror = () => reject(new Problem({ status: 0, code: "unreachable", title: "unreachable" }));
    signal.addEventListener("abort", () => {
      request.abort();
      reject(signal.reason);
    });
    request.send(file);
  });
}

// --- server-sent events ----------------------------------------------------------------------------------------------

/**
 * Follow the events of a path until one says `at_rest`, or until it is aborted; comes back by itself after a break.
 * @param {string} path
 * @param {(data: any) => void} take
 * @param {(isBroken: boolean) => void} tell of a break, and of its end
 * @param {AbortSignal} signal
 */
export async function follow(path, take, tell, signal) {
  const heard = { id: "", isOver: false };
  let wait = 500;
  while (!signal.aborted && !heard.isOver) {
    try {
      /** @type {Record<string, string>} */
      const more = { Accept: "text/event-stream", ...(heard.id ? { "Last-Event-ID": heard.id } : {}) };
      const request = () =>
        fetch(`${PREFIX}${path}`, {
          headers: headers(more),
          credentials: IS_ELSEWHERE ? "omit" : "same-origin",
          signal,
        });
      const response = await answered(path, request, signal);
      if (!response.ok || !response.body) throw await problemOf(response);
      wait = 500;
      tell(false);
      await read(response.body, (fields) => {
        const data = JSON.parse(fields.data);
        heard.id = fields.id ?? heard.id;
        heard.isOver = data.at_rest === true;
        take(data);
      });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429) throw error;
      tell(true);
    }
    if (heard.isOver) return;
    await new Promise((done) => setTimeout(done, wait));
    wait = Math.min(2 * wait, 10_000);
  }
}

/**
 * @param {ReadableStream<Uint8Array>} body
 * @param {(fields: Record<string, string>) => void} take an event that has data
 */
async function read(body, take) {
  const decoder = new TextDecoder();
  let text = "";
  for (const reader = body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) return;
    text = (text + decoder.decode(value, { stream: true })).replaceAll("\r\n", "\n");
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      /** @type {Record<string, string>} */
      const fields = {};
      for (const line of text.slice(0, end).split("\n")) {
        const [, name, content] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
        if (name) fields[name] = name in fields ? `${fields[name]}\n${content}` : content;
      }
      text = text.slice(end + 2);
      if (fields.data) take(fields);
    }
  }
}
