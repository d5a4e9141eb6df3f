/* The panel itself: the list of results, and what its buttons do. */

/** Adobe's types for UXP describe the class, and forget the one object of it that there is. */
declare function require(name: "uxp"): {
  storage: {
    localFileSystem: import("uxp").storage.FileSystemProvider;
    secureStorage: { setItem(key: string, value: string): Promise<void>; getItem(key: string): Promise<Uint8Array | null> };
  };
};

const MOST_RESULTS = 50;
const KEPT = "momentidx-server";

let shown: Moment[] = [];
let server: Address | null = null;
let remembering: Promise<void> = Promise.resolve();
/** What the shown moments are called: words, or a bin. */
let called = "selects";

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) {
    throw new Error(`the panel has no element '${id}'`);
  }
  return found;
}

function say(text: string, failed = false): void {
  element("said").textContent = text;
  element("said").className = failed ? "failed" : "";
}

/** Run what a button does, and say what went wrong. */
function act(work: () => Promise<string>): () => void {
  return () => {
    work().then(
      (text) => say(text),
      (error: unknown) => say(error instanceof Refused ? error.message : `Unforeseen: ${String(error)}`, true),
    );
  };
}

async function choose(types: string[]): Promise<{ nativePath: string; read(): Promise<string> } | null> {
  return await require("uxp").storage.localFileSystem.getFileForOpening({ types });
}

function input(id: string): HTMLInputElement {
  return element(id) as HTMLInputElement;
}

/** The momentidx of the last time or that was found since, or the one whose address and token stand in the fields. */
async function running(): Promise<Address> {
  await remembering;
  server = server ?? checkedAddress(input("url").value, input("token").value);
  return server;
}

async function openConnection(): Promise<string> {
  const file = await choose(["json"]);
  if (file === null) {
    return "";
  }
  server = parseAddress(await file.read());
  return await connected();
}

async function connect(): Promise<string> {
  server = checkedAddress(input("url").value, input("token").value);
  return await connected();
}

/** Try the address, and keep it for the next time: the token lies in UXP's own store of secrets. */
async function connected(): Promise<string> {
  const found = await running();
  await ask(found, `${API}/health`);
  input("url").value = found.url;
  input("token").value = "";
  await require("uxp").storage.secureStorage.setItem(KEPT, JSON.stringify(found));
  return `Connected to ${found.url}.`;
}

/** Take the address of the last time, if there was one that can still be read. */
async function remember(): Promise<void> {
  const kept = await require("uxp").storage.secureStorage.getItem(KEPT);
  if (kept !== null && kept.length > 0) {
    server = parseAddress(String.fromCharCode(...kept));
    input("url").value = server.url;
  }
}

async function find(): Promise<string> {
  const words = input("words").value;
  show(await searchMoments(await running(), words, MOST_RESULTS));
  called = words;
  return `${shown.length} moments.`;
}

async function openBin(): Promise<string> {
  const bin = await newestBin(await running());
  show(bin.moments);
  called = bin.name;
  return `${bin.name}: ${shown.length} moments.`;
}

async function cutTogether(): Promise<string> {
  const moments = ticked();
  if (moments.length === 0) {
    throw new Refused("Find moments and tick some.");
  }
  const files = await exportMoments(await running(), moments, called);
  const folder = await require("uxp").storage.localFileSystem.getTemporaryFolder();
  for (const file of files) {
    const entry = await folder.createFile(file.name, { overwrite: true });
    await entry.write(file.text);
    await importTimeline(entry.nativePath);
  }
  const problems = files.reduce<string[]>((all, file) => [...all, ...file.problems], []);
  return [`Imported ${files.map((file) => file.name).join(", ")}.`, ...problems].join(" ");
}

function show(moments: Moment[]): void {
  shown = moments;
  const list = element("results");
  list.textContent = "";
  moments.forEach((moment, index) => {
    const row = document.createElement("li");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = true;
    box.id = `wanted-${index}`;
    const words = document.createElement("div");
    words.textContent = moment.caption;
    const picture = document.createElement("img");
    if (server !== null && moment.id !== null) {
      still(server, moment).then((url) => url !== null && (picture.src = url), () => undefined);
    }
    const place = document.createElement("span");
    place.textContent = `${clipName(moment.path)}  ${moment.timecode ?? `frame ${moment.startFrame}`}`;
    words.appendChild(place);
    row.appendChild(box);
    row.appendChild(words);
    row.appendChild(picture);
    list.appendChild(row);
  });
}

function ticked(): Moment[] {
  return shown.filter((_, index) => (element(`wanted-${index}`) as HTMLInputElement).checked);
}

async function openResults(): Promise<string> {
  const file = await choose(["jsonl", "json"]);
  if (file === null) {
    return "";
  }
  show(parseMoments(await file.read()));
  called = "selects";
  return `${shown.length} moments.`;
}

async function openTimeline(): Promise<string> {
  const file = await choose(["xml", "otio", "edl", "aaf"]);
  if (file === null) {
    return "";
  }
  await importTimeline(file.nativePath);
  return `Imported ${file.nativePath}.`;
}

async function markFootage(): Promise<string> {
  const moments = ticked();
  if (moments.length === 0) {
    throw new Refused("Open results and tick some.");
  }
  const made = await importFootage(moments);
  return `${made} markers on ${byFile(moments).size} clips.`;
}

document.addEventListener("DOMContentLoaded", () => {
  element("find").addEventListener("click", act(find));
  element("bin").addEventListener("click", act(openBin));
  element("cut").addEventListener("click", act(cutTogether));
  element("connect").addEventListener("click", act(connect));
  element("connection").addEventListener("click", act(openConnection));
  remembering = remember().catch(() => undefined);
  element("open").addEventListener("click", act(openResults));
  element("timeline").addEventListener("click", act(openTimeline));
  element("footage").addEventListener("click", act(markFootage));
});
