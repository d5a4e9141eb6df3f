/* A momentidx that runs on this machine, asked over HTTP; nothing of Premiere. */

const API = "/api/v1";
const STILL_BYTES = 0x8000;

/** Where momentidx runs, and what opens it. */
interface Address {
  readonly url: string;
  readonly token: string;
}

/** A file that momentidx wrote. */
interface Exported {
  readonly name: string;
  readonly text: string;
  readonly problems: readonly string[];
}

/** What `web.json` in the library folder says, or an address and a token that a person typed. */
function parseAddress(text: string): Address {
  let told: Record<string, unknown>;
  try {
    told = Object(JSON.parse(text));
  } catch {
    throw new Refused("This is not the web.json of a library. momentidx writes it while it runs.");
  }
  return checkedAddress(String(told["url"] ?? ""), String(told["token"] ?? ""));
}

function checkedAddress(url: string, token: string): Address {
  const plain = url.trim().replace(/\/+$/, "");
  if (!/^https?:\/\/[^/\s]+$/.test(plain) || token.trim() === "") {
    throw new Refused("Say where momentidx runs (http://127.0.0.1:7420) and its token, or open its web.json.");
  }
  return { url: plain, token: token.trim() };
}

/** An answer of the API. Raises Refused with momentidx's own sentence. */
async function ask(server: Address, path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { Authorization: `Bearer ${server.token}` };
  const options: RequestInit = { headers };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    Object.assign(options, { method: "POST", body: JSON.stringify(body) });
  }
  let answer: Response;
  try {
    answer = await fetch(server.url + path, options);
  } catch {
    throw new Refused(`momentidx does not answer at ${server.url}. Start it: momentidx watch, or momentidx serve.`);
  }
  if (answer.ok) {
    return answer;
  }
  const told = Object(await answer.json().catch(() => null));
  throw new Refused(String(Object(told["error"])["message"] ?? `momentidx refused with status ${answer.status}.`));
}

/** The moments that answer the words best. */
async function searchMoments(server: Address, words: string, limit: number): Promise<Moment[]> {
  if (words.trim() === "") {
    throw new Refused("Say what happens in the moments you look for.");
  }
  const query = `q=${encodeURIComponent(words)}&limit=${limit}`;
  const told = Object(await (await ask(server, `${API}/search?${query}`)).json());
  return list(told["moments"]).map(momentOf);
}

/** What is in the bin that something was put into last, and its name. */
async function newestBin(server: Address): Promise<{ name: string; moments: Moment[] }> {
  const bins = list(await (await ask(server, `${API}/selects`)).json()).map((bin) => Object(bin));
  const newest = bins.sort((one, other) => String(other["added_at"]).localeCompare(String(one["added_at"])))[0];
  if (newest === undefined) {
    throw new Refused("There is no bin yet. Choose moments on momentidx's page first.");
  }
  const name = String(newest["bin"]);
  // A path knows no slash within a name: it is escaped twice.
  const path = encodeURIComponent(name.replace(/%/g, "%25").replace(/\//g, "%2F"));
  const told = Object(await (await ask(server, `${API}/selects/${path}`)).json());
  return { name, moments: list(told["entries"]).map(momentOf) };
}

/** Have moments written as a timeline for Premiere: a file for each frame rate. */
async function exportMoments(server: Address, moments: readonly Moment[], name: string): Promise<Exported[]> {
  const events = moments
    .filter((moment) => moment.id !== null)
    .map((moment) => ({ id: moment.id, start_frame: moment.startFrame, end_frame: moment.endFrame }));
  const wanted = { what: { events }, to: ["fcp7xml"], name };
  const told = Object(await (await ask(server, `${API}/exports`, wanted)).json());
  const problems = new Map(list(told["report"]).map(Object).map((report) => [report["file"], list(report["problems"]).map(String)]));
  const files: Exported[] = [];
  for (const file of list(told["files"]).map(Object)) {
    const text = await (await ask(server, String(file["url"]))).text();
    files.push({ name: String(file["name"]), text, problems: problems.get(file["name"]) ?? [] });
  }
  return files;
}

/** A moment's picture as a data URL; null where there is none. */
async function still(server: Address, moment: Moment): Promise<string | null> {
  try {
    const answer = await ask(server, `${API}/events/${moment.id}/still`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    let text = "";
    for (let at = 0; at < bytes.length; at += STILL_BYTES) {
      text += String.fromCharCode(...bytes.subarray(at, at + STILL_BYTES));
    }
    return `data:image/jpeg;base64,${btoa(text)}`;
  } catch (error) {
    if (error instanceof Refused) {
      return null;
    }
    throw error;
  }
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
