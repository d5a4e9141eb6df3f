/* Moments as `momentidx find --json` and `momentidx export --to jsonl` write them; nothing of Premiere. */

interface Moment {
  readonly id: number | null;
  readonly path: string;
  readonly caption: string;
  /** Frames from the footage's first picture; the end is exclusive. */
  readonly startFrame: number;
  readonly endFrame: number;
  /** Source timecode of the first frame, where the rate has one. */
  readonly timecode: string | null;
  /** Frames a second. */
  readonly rate: number;
}

/** Something that the person at the screen can understand and act on. */
class Refused extends Error {}

const MARKER_NAME_LENGTH = 60;

function parseMoments(text: string): Moment[] {
  const lines = text.split("\n").map((line, index) => ({ line: line.trim(), number: index + 1 }));
  return lines.filter(({ line }) => line !== "").map(({ line, number }) => parseMoment(line, number));
}

function parseMoment(line: string, number: number): Moment {
  let facts: unknown;
  try {
    facts = JSON.parse(line);
  } catch {
    throw new Refused(`Line ${number} is not JSON. Export with: momentidx export … --to jsonl`);
  }
  try {
    return momentOf(facts);
  } catch (error) {
    throw error instanceof Refused ? new Refused(`Line ${number} is not a moment of momentidx.`) : error;
  }
}

/** A moment out of its JSON, the same in files and in answers. */
function momentOf(told: unknown): Moment {
  const facts: Record<string, unknown> = Object(told);
  const { id, path, caption, start_frame: startFrame, end_frame: endFrame, start_timecode: timecode } = facts;
  const rate = parseRate(facts["rate"]);
  if (
    typeof path !== "string" || typeof caption !== "string" || rate === null ||
    !isFrame(startFrame) || !isFrame(endFrame) || endFrame <= startFrame
  ) {
    throw new Refused("momentidx told of something that is no moment. Update the panel.");
  }
  return {
    id: typeof id === "number" ? id : null, path, caption, startFrame, endFrame,
    timecode: typeof timecode === "string" ? timecode : null, rate,
  };
}

function isFrame(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

/** `30000/1001`. */
function parseRate(text: unknown): number | null {
  const match = /^(\d+)\/(\d+)$/.exec(String(text));
  const rate = match ? Number(match[1]) / Number(match[2]) : 0;
  return rate > 0 && Number.isFinite(rate) ? rate : null;
}

function clipName(path: string): string {
  return path.replace(/\\/g, "/").split("/").pop() ?? path;
}

function markerName(moment: Moment): string {
  return moment.caption.replace(/\s+/g, " ").slice(0, MARKER_NAME_LENGTH);
}

/** The caption, and the moment's number: Premiere's markers have no field for it. */
function markerComment(moment: Moment): string {
  return moment.id === null ? moment.caption : `${moment.caption}\nmomentidx:${moment.id}`;
}

/** The moments of each file, in the order in which the files first appear. */
function byFile(moments: readonly Moment[]): Map<string, Moment[]> {
  const found = new Map<string, Moment[]>();
  for (const moment of moments) {
    found.set(moment.path, [...(found.get(moment.path) ?? []), moment]);
  }
  return found;
}
