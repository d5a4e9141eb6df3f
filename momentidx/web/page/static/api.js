// The API as the page uses it, and the news that the server sends.

const BASE = "/api/v1";

/** An answer that says no: `kind`, `status`, and where and how to mend it where that is known. */
export class ApiError extends Error {
  constructor(status, { kind, message, column = null, fix = null }) {
    super(message);
    Object.assign(this, { status, kind, column, fix });
  }
}

export class Api {
  /** `offline(why)` is called with a sentence when the server does not answer this page, and with null when it does. */
  constructor(texts, offline) {
    this.texts = texts;
    this.offline = offline;
  }

  get(path, query = {}, options = {}) {
    return this.ask("GET", path, { query, ...options });
  }
  post(path, body = {}, options = {}) {
    return this.ask("POST", path, { body, ...options });
  }
  put(path, body = {}, options = {}) {
    return this.ask("PUT", path, { body, ...options });
  }
  patch(path, body = {}, options = {}) {
    return this.ask("PATCH", path, { body, ...options });
  }
  delete(path, query = {}, options = {}) {
    return this.ask("DELETE", path, { query, ...options });
  }

  /** The answer's JSON, or null when it has none. Raises ApiError, and AbortError when `signal` fires. */
  async ask(method, path, { query = {}, body, signal } = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
    const search = given.length ? `?${new URLSearchParams(given)}` : "";
    const headers = { accept: "application/json" };
    if (method !== "GET") headers["x-momentidx"] = "1";
    if (body !== undefined) headers["content-type"] = "application/json";
    let answer;
    try {
      answer = await fetch(`${BASE}${path}${search}`, { method, headers, signal, body: body && JSON.stringify(body) });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      this.offline(this.texts.unreachable);
      throw new ApiError(0, { kind: "unreachable", message: this.texts.unreachable });
    }
    this.offline(answer.status === 401 ? this.texts.login : null);
    if (answer.status === 204) return null;
    const told = await answer.json().catch(() => ({}));
    if (answer.ok) return told;
    if (answer.status === 401) throw new ApiError(401, { kind: "login", message: this.texts.login });
    throw new ApiError(answer.status, told.error ?? { kind: "unforeseen", message: this.texts.unforeseen });
  }
}

const NEWS = ["progress", "changed", "found"];
const AGAIN_AFTER = 2000;

/** What the server tells of its own accord: events "progress", "changed" and "found" with its JSON as `detail`.
 *
 * A browser has few connections for all its tabs together, so only a page that is looked at listens.
 */
export class News extends EventTarget {
  constructor(api) {
    super();
    this.api = api;
    this.last = {};
    document.addEventListener("visibilitychange", () => this.listen());
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", () => this.listen());
    this.listen();
  }

  listen() {
    if (document.hidden) return this.close();
    if (this.source) return;
    this.source = new EventSource(`${BASE}/stream`);
    this.source.onopen = () => this.api.offline(null);
    this.source.onerror = () => {
      this.close();
      this.api.get("/health").catch(() => null); // and so learn why: it is gone, or nobody is logged in any more
      this.later = setTimeout(() => this.listen(), AGAIN_AFTER);
    };
    for (const name of NEWS) this.source.addEventListener(name, (event) => this.tell(name, JSON.parse(event.data)));
  }

  close() {
    clearTimeout(this.later);
    this.source?.close();
    this.source = null;
  }

  tell(name, detail) {
    this.last[name] = detail;
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** Hear one kind of news until the function that this returns is called; what was told last comes at once. */
  hear(name, heard) {
    const listener = (event) => heard(event.detail);
    this.addEventListener(name, listener);
    if (this.last[name]) heard(this.last[name]);
    return () => this.removeEventListener(name, listener);
  }
}
