// Timecode labels and the times of pictures, exact: the same tables as momentidx/times.py, which tests compare.
//
// Rates and time bases are fractions [numerator, denominator]. Frames count from the first picture of a clip.

/** "30000/1001" as [30000, 1001]. */
export function fraction(text) {
  const [numerator, denominator] = text.split("/").map(Number);
  return [numerator, denominator];
}

/** Labels a second: 30 for 29.97, 24 for 23.976. */
function labelRate([numerator, denominator]) {
  return Math.round(numerator / denominator);
}

/** How many labels drop-frame passes over each minute, but not each tenth (SMPTE ST 12-1): 2 at 29.97, 4 at 59.94. */
function dropped(labels) {
  return labels / 15;
}

/** How many frames have labels of their own: those of a day. */
export function dayOf(rate, dropFrame) {
  const labels = labelRate(rate);
  return dropFrame ? 144 * (600 * labels - 9 * dropped(labels)) : 86400 * labels;
}

/** The label of a frame counted from midnight; labels wrap after 24 hours. */
export function label(frame, rate, dropFrame) {
  const labels = labelRate(rate);
  let number = frame % dayOf(rate, dropFrame);
  if (dropFrame) {
    const drop = dropped(labels);
    const minute = 60 * labels - drop;
    const tenMinutes = 10 * minute + drop;
    const rest = number % tenMinutes;
    const minutes = rest < 60 * labels ? 0 : 1 + Math.floor((rest - 60 * labels) / minute);
    number += drop * (9 * Math.floor(number / tenMinutes) + minutes);
  }
  const seconds = Math.floor(number / labels);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map(two).join(":") + (dropFrame ? ";" : ":") + two(number % labels);
}

/** Frames since midnight that a label stands for; null for one that does not exist at this rate. */
export function frameOfLabel(text, rate, dropFrame) {
  const found = /^(\d{1,2}):(\d{1,2}):(\d{1,2})[:;.,](\d{1,3})$/.exec(text.trim());
  if (!found) return null;
  const [hours, minutes, seconds, frames] = found.slice(1).map(Number);
  const labels = labelRate(rate);
  let number = (hours * 3600 + minutes * 60 + seconds) * labels + frames;
  if (dropFrame) {
    const passed = hours * 60 + minutes;
    number -= dropped(labels) * (passed - Math.floor(passed / 10));
  }
  const padded = [hours, minutes, seconds].map(two).join(":") + (dropFrame ? ";" : ":") + two(frames);
  return number >= 0 && label(number, rate, dropFrame) === padded ? number : null;
}

/** "0:01:02.345", where there is no timecode. */
export function clock(seconds) {
  const milliseconds = Math.floor(seconds * 1000 + 0.5);
  const minutes = Math.floor(milliseconds / 60000);
  const rest = (milliseconds % 60000) / 1000;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${rest.toFixed(3).padStart(6, "0")}`;
}

function two(number) {
  return String(number).padStart(2, "0");
}

/**
 * The pictures of one clip: when each is shown, in seconds from the first, and the frame that it is.
 *
 * At constant rate picture N is frame N. At variable rate pictures have times of their own, and the frame is the
 * nearest slot of the grid that editing programs lay over them.
 */
export class Pictures {
  /** `facts` is a clip of the API, `table` what `/times` tells of it. */
  constructor(facts, table) {
    this.rate = fraction(facts.rate);
    this.startFrame = facts.start_frame;
    this.dropFrame = facts.drop_frame;
    this.hasTimecode = facts.start_timecode !== null;
    this.length = facts.duration_frames;
    this.duration = facts.duration_seconds;
    this.base = fraction(table.base);
    this.times = table.times;
    this.count = this.times ? this.times.length : this.length;
  }

  /** When a picture is shown first. */
  seconds(picture) {
    if (this.times) return (this.times[picture] * this.base[0]) / this.base[1];
    return (picture * this.rate[1]) / this.rate[0];
  }

  /** Some time in the middle of its being shown: a player that is sent there shows it, however it rounds. */
  middle(picture) {
    const last = picture + 1 >= this.count && this.times;
    return (this.seconds(picture) + (last ? this.duration : this.seconds(picture + 1))) / 2;
  }

  /** The picture that begins nearest to a time: what a player says it shows, within rounding. */
  nearest(seconds) {
    if (!this.times) return this.within(Math.round((seconds * this.rate[0]) / this.rate[1]));
    const ticks = (seconds * this.base[1]) / this.base[0];
    const after = this.firstFrom(ticks);
    if (after === 0) return 0;
    if (after === this.count) return this.count - 1;
    return ticks - this.times[after - 1] <= this.times[after] - ticks ? after - 1 : after;
  }

  /** The frame that a picture is. */
  frame(picture) {
    if (!this.times) return picture;
    const scale = BigInt(this.base[0]) * BigInt(this.rate[0]);
    const divisor = BigInt(this.base[1]) * BigInt(this.rate[1]);
    return Number((2n * BigInt(this.times[picture]) * scale + divisor) / (2n * divisor));
  }

  /** The picture that is shown at a frame: the first one from its slot on. */
  of(frame) {
    if (!this.times) return this.within(frame);
    const [low, high] = [(frame - 0.5) * this.ticksPerFrame(), this.count - 1];
    let picture = Math.min(this.firstFrom(Math.floor(low)), high);
    while (picture < high && this.frame(picture) < frame) picture += 1;
    return picture > 0 && this.frame(picture) > frame ? picture - 1 : picture;
  }

  /** The source timecode of a frame, or the clock where the rate has none. */
  label(frame) {
    if (this.hasTimecode) return label(this.startFrame + frame, this.rate, this.dropFrame);
    return clock((frame * this.rate[1]) / this.rate[0]);
  }

  /** What is written under a picture: the timecode of its frame, or its own time by the clock. */
  labelOf(picture) {
    return this.hasTimecode ? this.label(this.frame(picture)) : clock(this.seconds(picture));
  }

  /** The frame that a person typed: source timecode, 12.5s or +300. Null for what is no time of the clip. */
  read(text) {
    const typed = text.trim();
    const frame = this.counted(typed) ?? (this.hasTimecode ? this.sinceStart(typed) : null);
    return frame !== null && frame >= 0 && frame <= this.length ? frame : null;
  }

  /** Frames from the first picture, of +300, 12.5s and 0:00:12.500. */
  counted(typed) {
    const frames = /^\+(\d{1,9})$/.exec(typed);
    if (frames) return Number(frames[1]);
    const seconds = /^(?:(\d{1,3}):(\d{1,2}):)?(\d{1,6}(?:\.\d*)?)(s?)$/.exec(typed);
    if (!seconds || Boolean(seconds[1]) === Boolean(seconds[4])) return null;
    const whole = Number(seconds[1] ?? 0) * 3600 + Number(seconds[2] ?? 0) * 60 + Number(seconds[3]);
    return Math.round((whole * this.rate[0]) / this.rate[1]);
  }

  /** Frames from the first picture, of a label; a recording may go on past midnight. */
  sinceStart(typed) {
    const midnight = frameOfLabel(typed, this.rate, this.dropFrame);
    const day = dayOf(this.rate, this.dropFrame);
    return midnight === null ? null : (midnight - (this.startFrame % day) + day) % day;
  }

  /** A length in frames, as hours to frames without drop-frame, or by the clock. */
  span(frames) {
    return this.hasTimecode ? label(frames, this.rate, false) : clock((frames * this.rate[1]) / this.rate[0]);
  }

  within(picture) {
    return Math.min(Math.max(picture, 0), this.count - 1);
  }

  ticksPerFrame() {
    return (this.rate[1] * this.base[1]) / (this.rate[0] * this.base[0]);
  }

  /** The first picture at or after a time in ticks. */
  firstFrom(ticks) {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.times[middle] < ticks) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
