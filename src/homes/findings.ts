import { type Limits, type WantedLimits, wantedLimits } from "../../contracts/limits.js";
import { limitInKiB } from "../../contracts/xfs.js";
import { formatSize, plural, printable } from "../text/format.js";
import type { Home, Homes } from "./inspect.js";
import { watcherProblem } from "./watcher.js";

/** Something that is not as it should be; without a home it is about them all. `hint` is where the watcher cannot mend it. */
export type Finding = { home?: string; text: string; hint?: string };

/** What of homes and limits is not as the configuration and `quota set` say. `wanted` is what `limits.json` should hold. */
export const findingsOf = (seen: Homes, wanted: Limits): Finding[] => {
  const sharers = new Map<number, Home[]>();
  for (const home of seen.homes) {
    const id = home.attributes?.projectId ?? 0;
    const those = sharers.get(id) ?? [];
    those.push(home);
    sharers.set(id, those);
  }
  return [
    ...classFindings(seen, wanted),
    ...seen.homes.flatMap((home) => {
      const text = wrongWith(home, seen, sharers);
      const drift = text.length === 0 ? [] : [{ home: home.name, text: text.join(", ") }];
      return [...drift, ...unreadableFindings(home)];
    }),
  ];
};

const classFindings = (
  { enforced, now, watcher, limits, parent }: Homes,
  wanted: Limits,
): Finding[] => {
  const up = "`swarmhub up`";
  const problem = watcherProblem(watcher, now);
  return [
    ...(enforced
      ? []
      : [{ text: "XFS enforces no limits: the disk is mounted without prjquota", hint: up }]),
    ...(problem === undefined
      ? []
      : [{ text: printable(problem), hint: `${up}; \`swarmhub logs quota\` shows what it said` }]),
    ...(isSame(limits, wanted)
      ? []
      : [{ text: "limits.json is not what the configuration says", hint: up }]),
    ...(parent === undefined || (parent.inherits && parent.projectId !== 0)
      ? []
      : [{ text: "a new folder would be born without a limit: homes/ hands no project id on" }]),
  ];
};

const wrongWith = (
  home: Home,
  { limits, now, parent }: Homes,
  sharers: ReadonlyMap<number, readonly Home[]>,
): string[] => {
  const { attributes, pendingSince, name, bytes, files } = home;
  // The watcher is at it: a home that was made a moment ago is not wrong.
  if (pendingSince !== undefined && now.getTime() - pendingSince.getTime() < 5000) return [];
  if (attributes === undefined) return ["its project id cannot be read"];
  const { projectId, inherits } = attributes;
  if (projectId === 0) return ["it has no project id, so that nothing limits it"];
  if (projectId === parent?.projectId) return ["it has only the project id of all that have none"];
  const others = (sharers.get(projectId) ?? []).filter((one) => one.name !== name);
  const shared = others
    .slice(0, 3)
    .map((other) => other.name)
    .join(", ");
  const want = wantedOf(home, limits);
  const hard = want === undefined ? bytes.hard : limitInKiB(want.bytes) * 1024;
  return [
    ...(others.length > 0 ? [`it shares the project id ${projectId} with ${shared}`] : []),
    ...(inherits ? [] : ["what is made in it does not take its project id over"]),
    ...(bytes.hard === hard
      ? []
      : [`its limit is ${limitText(bytes.hard)} instead of ${formatSize(hard)}`]),
    ...(want === undefined || files.hard === want.files
      ? []
      : [
          `it may hold ${files.hard === 0 ? "any number of files" : plural(files.hard, "file")} instead of ${want.files}`,
        ]),
    ...(pendingSince === undefined ? [] : ["it bears the mark of a home whose limit is not set"]),
  ];
};

// The watcher keeps the home's limit, and cannot know which one was set: only a person can end this.
const unreadableFindings = ({ name, own, bytes }: Home): Finding[] => {
  if (own === undefined || !("problem" in own)) return [];
  const isKept = bytes.hard > 0;
  return [
    {
      home: name,
      text: `limits/${name} is unreadable, so the home ${isKept ? `keeps its limit of ${limitText(bytes.hard)}` : "gets the configured limit"}: ${own.problem}`,
      hint: `\`swarmhub quota set ${name} 10G\` sets a limit again, \`swarmhub quota set ${name} default\` the configured one`,
    },
  ];
};

/** The limits that the home should have; undefined while `limits.json` is unreadable. */
export const wantedOf = (home: Home, limits: Limits | undefined): WantedLimits | undefined =>
  limits &&
  wantedLimits(limits, { ...home, current: { bytes: home.bytes.hard, files: home.files.hard } });

/** A hard limit for a person to read; 0 is none. */
export const limitText = (hard: number): string => (hard === 0 ? "none" : formatSize(hard));

const isSame = (one: Limits | undefined, other: Limits): boolean => textOf(one) === textOf(other);

const textOf = (limits: Limits | undefined): string =>
  limits === undefined
    ? ""
    : JSON.stringify([
        limits.bytes,
        limits.files,
        limits.trashDays,
        Object.entries(limits.homes).toSorted(([one], [other]) => (one < other ? -1 : 1)),
      ]);
