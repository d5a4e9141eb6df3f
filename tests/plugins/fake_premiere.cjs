// Runs the built panel in a page and a Premiere that only write down what they are asked.
// node fake_premiere.cjs PANEL_FOLDER JOB.json: prints the calls and what the panel said as JSON.
const fs = require("fs");
const path = require("path");
const vm = require("vm");

const [panel, jobFile] = process.argv.slice(2);
const job = JSON.parse(fs.readFileSync(jobFile, "utf8"));
const calls = [];
let locked = false;

class Element {
  constructor() { this.children = []; this.listeners = {}; this.textContent = ""; this.className = ""; }
  appendChild(child) { this.children.push(child); }
  addEventListener(name, run) { this.listeners[name] = run; }
}
const ids = [
  "open", "timeline", "footage", "results", "said", "words", "find", "bin", "cut", "url", "token", "connect", "connection",
];
const elements = Object.fromEntries(ids.map((id) => [id, new Element()]));
for (const [id, text] of Object.entries({ words: "", url: "", token: "", ...job.fields })) elements[id].value = text;
const find = (id, inside = Object.values(elements)) => {
  for (const element of inside) {
    const found = element.id === id ? element : find(id, element.children);
    if (found) return found;
  }
  return null;
};
const page = new Element();
page.getElementById = (id) => elements[id] ?? find(id);
page.createElement = () => new Element();

const clip = (file, marks = []) => ({ file, marks, getMediaFilePath: async () => file });
const bin = (items) => ({ bin: true, getItems: async () => items });
const items = [bin((job.known ?? []).map(({ file, marks }) => clip(file, marks)))];
const project = {
  importFiles: async (paths, quiet) => {
    calls.push(["import", paths, quiet]);
    if (job.refuse) return false;
    items.push(...paths.map((file) => clip(file)));
    return true;
  },
  getRootItem: async () => bin(items),
  lockedAccess: (run) => { locked = true; run(); locked = false; },
  executeTransaction: (run, name) => run({ addAction: (action) => calls.push([name, ...action]) }),
};
const premiere = {
  Project: { getActiveProject: async () => (job.closed ? null : project) },
  FrameRate: { createWithValue: (value) => value },
  TickTime: { createWithFrameAndFrameRate: (frame, rate) => `${frame}@${rate.toFixed(3)}` },
  Marker: { MARKER_TYPE_COMMENT: "Comment" },
  Markers: {
    getMarkers: async (item) => ({
      getMarkers: () => item.marks.map((text) => ({ getComments: () => text })),
      createAddMarkerAction: (...given) => {
        if (!locked) throw new Error("an action was made while the project is not locked");
        return [item.file, ...given];
      },
    }),
  },
  ClipProjectItem: { cast: (item) => (item.bin ? null : item) },
  FolderItem: { cast: (item) => (item.bin ? item : null) },
};
const picked = (file) => ({ nativePath: file, read: async () => fs.readFileSync(file, "utf8") });
const secrets = new Map(Object.entries(job.secrets ?? {}));
const temporary = { createFile: async (name) => {
  const file = path.join(path.dirname(jobFile), name);
  return { nativePath: file, write: async (text) => fs.writeFileSync(file, text) };
} };
const uxp = { storage: {
  localFileSystem: {
    getFileForOpening: async ({ types }) => {
      const file = job.files.shift();
      calls.push(["choose", types]);
      return file ? picked(file) : null;
    },
    getTemporaryFolder: async () => temporary,
  },
  secureStorage: {
    setItem: async (key, value) => { secrets.set(key, value); },
    getItem: async (key) => new TextEncoder().encode(secrets.get(key) ?? ""),
  },
} };

let asking = 0;
const asked = async (...given) => {
  asking += 1;
  try {
    return await fetch(...given);
  } finally {
    asking -= 1;
  }
};
const scope = vm.createContext({
  document: page, require: (name) => ({ uxp, premierepro: premiere })[name], fetch: asked, btoa, Uint8Array,
});
const html = fs.readFileSync(path.join(panel, "index.html"), "utf8");
for (const [, source] of html.matchAll(/<script src="([^"]+)">/g)) {
  vm.runInContext(fs.readFileSync(path.join(panel, source), "utf8"), scope, source);
}
page.listeners.DOMContentLoaded();

(async () => {
  const said = [];
  for (const step of job.steps) {
    if (typeof step === "number") {
      page.getElementById(`wanted-${step}`).checked = false;
    } else {
      elements.said.textContent = null;
      elements[step].listeners.click();
      do {
        await new Promise((resolve) => setTimeout(resolve, 20));
      } while (elements.said.textContent === null || asking > 0);
      said.push([elements.said.textContent, elements.said.className]);
    }
  }
  const rows = elements.results.children.map((row) => [row.children[1].textContent, row.children[1].children[0].textContent]);
  const pictures = elements.results.children.filter((row) => row.children[2].src).map((row) => row.children[2].src);
  console.log(JSON.stringify({ calls, said, rows, pictures, secrets: Object.fromEntries(secrets) }));
})();
