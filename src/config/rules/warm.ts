import { isMapping, valueAt } from "../schema/fields.js";
import { clockFrom, weeklyTimeFrom } from "../values/timetable.js";
import { durationFrom } from "../values/units.js";
import { hasClaims } from "./groups.js";
import type { Finding, Path } from "../yaml/complaints.js";

/**
 * The shortest `idle` of a class with a warm start: servers begin up to 30 minutes before its time, and wait for their users until
 * 15 minutes after it. hub/swarmhub/warm/timetable.py has both times.
 */
export const shortestIdle = "45m";

/** Complaints about `servers.warm` and other keys that contradict it. */
export const warmFindings = (raw: unknown): Finding[] => {
  const warm = valueAt(raw, ["servers", "warm"]) ?? undefined;
  if (warm === undefined) return [];
  const path: Path = ["servers", "warm"];
  const starts: [Path, unknown][] = Array.isArray(warm)
    ? warm.map((each: unknown, index) => [[...path, index], each])
    : [[path, warm]];
  return [...shortIdle(raw), ...starts.flatMap(([at, each]) => startFindings(raw, at, each))];
};

const shortIdle = (raw: unknown): Finding[] => {
  const idle = valueAt(raw, ["servers", "idle"]);
  const length = typeof idle === "string" ? orUndefined(() => durationFrom(idle)) : undefined;
  if (length === undefined || length >= durationFrom(shortestIdle)) return [];
  return [
    {
      path: ["servers", "idle"],
      text: `is ${String(idle)}, so servers of a warm start would stop before their users come; write ${shortestIdle} or more, or delete "warm"`,
    },
  ];
};

const startFindings = (raw: unknown, path: Path, start: unknown): Finding[] => {
  if (!isMapping(start)) return [];
  const { at, until, zone, group } = start;
  const begin = typeof at === "string" ? orUndefined(() => weeklyTimeFrom(at).at) : undefined;
  const end = typeof until === "string" ? orUndefined(() => clockFrom(until)) : undefined;
  const hasZone = (zone ?? valueAt(raw, ["servers", "time-zone"]) ?? undefined) !== undefined;
  const groups = valueAt(raw, ["login", "groups"]);
  const isOpen = (valueAt(raw, ["login", "roster"]) ?? undefined) !== undefined || hasClaims(raw);
  return [
    ...(begin !== undefined && end !== undefined && end <= begin
      ? [{ path: [...path, "until"], text: `is ${end}, which is not after ${begin}` }]
      : []),
    ...(hasZone
      ? []
      : [
          {
            path,
            text: "needs a time zone, as machines are often on UTC; add zone: Europe/Berlin",
          },
        ]),
    ...(typeof group === "string" && !isOpen && !(isMapping(groups) && Object.hasOwn(groups, group))
      ? [{ path: [...path, "group"], text: `is ${group}, which is not in login.groups` }]
      : []),
  ];
};

const orUndefined = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};
