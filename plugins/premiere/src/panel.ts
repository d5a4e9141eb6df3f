/* The panel itself: the list of results, and what its buttons do. */

/** Adobe's types for UXP describe the class, and forget the one object of it that there is. */
declare function require(name: "uxp"): { storage: { localFileSystem: import("uxp").storage.FileSystemProvider } };

let shown: Moment[] = [];

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
    const place = document.createElement("span");
    place.textContent = `${clipName(moment.path)}  ${moment.timecode ?? `frame ${moment.startFrame}`}`;
    words.appendChild(place);
    row.appendChild(box);
    row.appendChild(words);
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
  element("open").addEventListener("click", act(openResults));
  element("timeline").addEventListener("click", act(openTimeline));
  element("footage").addEventListener("click", act(markFootage));
});
