// What this browser keeps for the person at it: searches of before, and how results are shown.

const SEARCHES = "momentidx.searches";
const MOST_SEARCHES = 30;

/** The searches of before, the last one first. */
export function searches() {
  try {
    const kept = JSON.parse(localStorage.getItem(SEARCHES) ?? "[]");
    return Array.isArray(kept) ? kept.filter((query) => typeof query === "string") : [];
  } catch {
    return [];
  }
}

export function remember(query) {
  const others = searches().filter((each) => each !== query);
  localStorage.setItem(SEARCHES, JSON.stringify([query, ...others].slice(0, MOST_SEARCHES)));
}

export function forgetSearches() {
  localStorage.removeItem(SEARCHES);
}

/** One choice of `allowed`, the first of them when there is none yet. */
export function choice(name, allowed) {
  const kept = localStorage.getItem(`momentidx.${name}`);
  return allowed.includes(kept) ? kept : allowed[0];
}

export function choose(name, value) {
  localStorage.setItem(`momentidx.${name}`, value);
}
