import * as z from "zod";
import type { WarmStart } from "../types.js";
import { lineFrom } from "../values/names.js";
import { timeZoneFrom } from "../values/servers.js";
import { clockFrom, weeklyTimeFrom } from "../values/timetable.js";
import { leaf, list, section } from "./fields.js";

const example = '{at: "mon,wed 08:50", until: "12:00", zone: Europe/Berlin}';

const warmStart = section(
  {
    at: leaf(weeklyTimeFrom),
    until: leaf(clockFrom).exactOptional(),
    zone: leaf(timeZoneFrom).exactOptional(),
    group: leaf(lineFrom("the name of a group", "staff", 200)).exactOptional(),
  },
  example,
);

/** `servers.warm`: one time of the week, or a list of them. */
export const warm = z.preprocess(
  (value) => (value === undefined || Array.isArray(value) ? value : [value]),
  list({ what: "a mapping of at, until, zone and group, or a list of them", example }, warmStart),
);

/** The warm starts; rules/warm.ts has seen to it that each has a zone and ends after it begins. */
export const warmOf = (starts: z.output<typeof warm>, timeZone: string | undefined): WarmStart[] =>
  starts.map(({ at: { days, at }, until = hourAfter(at), zone = timeZone ?? "UTC", group }) => ({
    days,
    at,
    until,
    zone,
    ...(group !== undefined && { group }),
  }));

/** An hour later on the same day: "23:59" at the latest. */
const hourAfter = (clock: string): string => {
  const hour = Number(clock.slice(0, 2)) + 1;
  return hour > 23 ? "23:59" : `${String(hour).padStart(2, "0")}${clock.slice(2)}`;
};
