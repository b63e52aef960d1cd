import { reader } from "./reader.js";

/** A time, with the offset of the operator's time zone at that time, as the hub reads it, and the name of the zone for people. */
export type Moment = { text: string; zone: string };

/** Reads a time in the future, in the time zone of this machine; without a date it is today. */
export const momentFrom = reader(
  { what: "a time in the future", example: '"2026-12-01 09:00"' },
  (text, reject): Moment => {
    const today = momentOf(new Date()).text.slice(0, 10);
    const full = /^\d\d:\d\d$/.test(text.trim()) ? `${today} ${text.trim()}` : text.trim();
    const [, year, month, day, hour, minute] =
      /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)$/.exec(full) ?? [];
    if (minute === undefined) throw reject();
    const time = new Date(
      Number(year),
      Number(month) - 1,
      Number(day),
      Number(hour),
      Number(minute),
    );
    const written = momentOf(time);
    // JavaScript turns 31 June into 1 July, and a time that is skipped when the clocks go forward into another one.
    if (!written.text.startsWith(`${year}-${month}-${day}T${hour}:${minute}:`))
      throw reject(`there is no such time in ${written.zone}`);
    if (time.getTime() <= Date.now()) throw reject("this one has passed");
    return written;
  },
);

/** The next time at which the clock of this machine shows "08:50": today or tomorrow. */
export const nextMoment = (clock: string, now = new Date()): Moment => {
  const candidates = [0, 1].map((days) => {
    const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
    return momentOf(day).text.replace(/T.*$/, ` ${clock.padStart(5, "0")}`);
  });
  const [today = "", tomorrow = ""] = candidates;
  const isLater = today.slice(-5) > momentOf(now).text.slice(11, 16);
  return momentFrom(isLater ? today : tomorrow);
};

/** A time in the time zone of this machine. */
export const momentOf = (time: Date): Moment => {
  const minutes = -time.getTimezoneOffset();
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return {
    text: `${date}T${clock}${offsetText(minutes)}`,
    zone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
};

/** An offset from UTC in minutes: "-03:30". */
export const offsetText = (minutes: number): string =>
  `${minutes < 0 ? "-" : "+"}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;

const two = (number: number): string => String(Math.floor(number)).padStart(2, "0");
