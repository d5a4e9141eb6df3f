// The keyboard map. A key is written as "j", "Shift+I", "Ctrl+z", "Alt+i", "Space", "ArrowLeft"; two after another
// as "g s". Views bring their own keys while they are shown; the last that came is asked first.

export const PRESETS = ["premiere", "resolve", "avid"];
const KEPT = "momentidx.keys";
const SEQUENCE_MS = 1200;
const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta", "AltGraph"]);
const PRESSED_BY = { Space: "button, a[href], summary, input, select", Enter: "button, a[href], summary, select" };
const WRITTEN_IN = "input:not([type=range], [type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable]";

export class Keys {
  constructor() {
    this.layers = [];
    this.begun = null;
    const kept = localStorage.getItem(KEPT);
    this.preset = PRESETS.includes(kept) ? kept : PRESETS[0];
    document.addEventListener("keydown", (event) => this.pressed(event));
  }

  /** Let keys do something until the function that this returns is called.
   *
   * `bindings` are {key: action}, or such a map for each preset; `actions` are {action: function(event)}, of which
   * one that returns false leaves the key to others; `says` are {action: what it does}, for the list of keys, under
   * the heading `title`.
   */
  use(bindings, actions, says = {}, title = "") {
    const layer = { bindings, actions, says, title };
    this.layers.push(layer);
    return () => (this.layers = this.layers.filter((each) => each !== layer));
  }

  choose(preset) {
    this.preset = preset;
    localStorage.setItem(KEPT, preset);
  }

  /** What can be pressed now: [{title, rows: [{keys: ["j"], says}]}], the newest first. */
  list() {
    return [...this.layers].reverse().map((layer) => {
      const rows = new Map();
      for (const [key, action] of Object.entries(this.bound(layer))) {
        if (!layer.says[action]) continue;
        if (!rows.has(action)) rows.set(action, { keys: [], says: layer.says[action] });
        rows.get(action).keys.push(key);
      }
      return { title: layer.title, rows: [...rows.values()] };
    }).filter((part) => part.rows.length);
  }

  bound(layer) {
    return layer.bindings[this.preset] ?? layer.bindings;
  }

  pressed(event) {
    if (event.defaultPrevented || event.isComposing || MODIFIERS.has(event.key)) return;
    if (document.querySelector("dialog[open]") && !event.target.closest?.("dialog[open]")) return;
    const name = nameOf(event);
    if (isTaken(event, name)) return;
    const pair = this.begun && performance.now() - this.begun.at < SEQUENCE_MS ? `${this.begun.name} ${name}` : null;
    this.begun = null;
    if ((pair && this.done(pair, event)) || this.done(name, event)) return event.preventDefault();
    if (this.begins(name)) this.begun = { name, at: performance.now() };
  }

  done(name, event) {
    for (const layer of [...this.layers].reverse()) {
      const action = this.bound(layer)[name];
      if (action && layer.actions[action] && layer.actions[action](event) !== false) return true;
    }
    return false;
  }

  begins(name) {
    return this.layers.some((layer) => Object.keys(this.bound(layer)).some((key) => key.startsWith(`${name} `)));
  }
}

/** Whether the key belongs to what has the focus: letters to a text, Space and Enter to a button. */
function isTaken(event, name) {
  const target = event.target;
  if (!(target instanceof Element)) return false;
  if (target.matches(WRITTEN_IN)) return name !== "Escape";
  return name in PRESSED_BY && target.matches(PRESSED_BY[name]);
}

function nameOf(event) {
  const held = [event.ctrlKey && "Ctrl", event.metaKey && "Meta", event.altKey && "Alt"].filter(Boolean);
  // With Alt, keyboards write other letters; the place of the key tells which one was meant.
  const plain = event.altKey && /^Key[A-Z]$/.test(event.code) ? event.code.slice(3).toLowerCase() : event.key;
  const key = plain === " " ? "Space" : plain;
  const isSymbol = key.length === 1 && key.toLowerCase() === key.toUpperCase();
  if (event.shiftKey && !isSymbol) return [...held, "Shift", key.length === 1 ? key.toUpperCase() : key].join("+");
  return [...held, held.length && key.length === 1 ? key.toLowerCase() : key].join("+");
}

const SHOWN = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", Delete: "Del" };

/** A key for a person: ["Shift", "←"]. */
export function shown(key) {
  if (key === "+") return ["+"];
  return key.split(/[+ ]/).map((part) => SHOWN[part] ?? (part.length === 1 ? part.toUpperCase() : part));
}
