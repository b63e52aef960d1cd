import { reader } from "./reader.js";

const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** A day of the week. */
export type Day = (typeof days)[number];

/** A time of the day, "08:50", on some days of the week. */
export type WeeklyTime = { days: Day[]; at: string };

/** Reads days and a time: `mon,wed 08:50`, `mon-fri 08:50`; without days it is every day. */
export const weeklyTimeFrom = reader(
  { what: "days of the week and a time", example: '"mon,wed 08:50" or "mon-fri 08:50"' },
  (text, reject): WeeklyTime => {
    const [, list, at = ""] =
      /^(?:([a-z]{3}(?:[,-][a-z]{3})*) )?(\S+)$/.exec(text.trim().replaceAll(/, +/g, ",")) ?? [];
    if (!isClock(at)) throw reject("the time as in 08:50");
    const named = list?.split(",").map((part) => part.split("-").map(indexOf)) ?? [[0, 6]];
    const listed = named.flatMap(([first = -1, last = first, ...more]) =>
      first < 0 || last < first || more.length > 0 ? [-1] : numbers(first, last),
    );
    if (listed.includes(-1)) throw reject(`the days are ${days.join(", ")}`);
    return { days: days.filter((_, index) => listed.includes(index)), at };
  },
);

/** Reads a time of the day. */
export const clockFrom = reader(
  { what: "a time of the day", example: '"12:00"' },
  (text, reject): string => {
    if (!isClock(text)) throw reject("as in 08:50");
    return text;
  },
);

const isClock = (text: string): boolean => /^([01]\d|2[0-3]):[0-5]\d$/.test(text);
const indexOf = (name: string): number => days.findIndex((day) => day === name);
const numbers = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);
