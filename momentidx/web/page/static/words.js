// Numbers as people read them.

const grouped = new Intl.NumberFormat("en");

export const number = (value) => grouped.format(value);

/** Seconds as "312 h", "4.5 h", "12 min", "8 s". */
export function duration(seconds) {
  const hours = seconds / 3600;
  if (hours >= 9.95) return `${number(Math.round(hours))} h`;
  if (hours >= 1) return `${hours.toFixed(1).replace(/\.0$/, "")} h`;
  if (seconds >= 59.5) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds)} s`;
}

/** A stretch's length: "4.20 s", "2:05". */
export function length(seconds) {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** Bytes as disks count them. */
export function bytes(count) {
  let unit = 0;
  while (count >= 999.5 && unit < UNITS.length - 1) [count, unit] = [count / 1000, unit + 1];
  return `${unit && count < 9.95 ? count.toFixed(1) : Math.round(count)} ${UNITS[unit]}`;
}

/** A date and time of the API, as this machine writes them. */
export function when(iso) {
  return new Date(iso).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}
