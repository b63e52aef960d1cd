import { type Limits, type WantedLimits, wantedLimits } from "../../contracts/limits.js";
import { limitInKiB } from "../../contracts/xfs.js";
import { formatSize, printable } from "../text/format.js";
import type { Home, Homes } from "./inspect.js";
import { watcherProblem } from "./watcher.js";

/** A difference from the configured state, of one home or of all. With a `hint` the watcher cannot repair it. */
export type Finding = { home?: string; text: string; hint?: string };

/** The differences of homes and limits from the configuration and `quota set`; `configured` is the content of `limits.json`. */
export const findingsOf = (seen: Homes, configured: Limits): Finding[] => {
  const sharers = new Map<number, Home[]>();
  for (const home of seen.homes) {
    const id = home.attributes?.projectId ?? 0;
    const homes = sharers.get(id) ?? [];
    homes.push(home);
    sharers.set(id, homes);
  }
  return [
    ...classFindings(seen, configured),
    ...seen.homes.flatMap((home) => {
      const texts = differencesOf(home, seen, sharers);
      const drift = texts.length === 0 ? [] : [{ home: home.name, text: texts.join(", ") }];
      return [...drift, ...unreadableFindings(home)];
    }),
  ];
};

const classFindings = (
  { enforced, now, watcher, limits, parent }: Homes,
  configured: Limits,
): Finding[] => {
  const up = "`swarmhub up`";
  const problem = watcherProblem(watcher, now);
  return [
    ...(enforced
      ? []
      : [{ text: "XFS does not enforce limits: the disk is mounted without prjquota", hint: up }]),
    ...(problem === undefined
      ? []
      : [{ text: printable(problem), hint: `${up}; to see its log: \`swarmhub logs quota\`` }]),
    ...(isSame(limits, configured)
      ? []
      : [{ text: "limits.json differs from the configuration", hint: up }]),
    ...(parent === undefined || (parent.inherits && parent.projectId !== 0)
      ? []
      : [{ text: "a new folder would have no limit: homes/ does not pass on a project id" }]),
  ];
};

const differencesOf = (
  home: Home,
  { limits, now, parent }: Homes,
  sharers: ReadonlyMap<number, readonly Home[]>,
): string[] => {
  const { attributes, pendingSince, name, bytes, files } = home;
  // The watcher works on it: a home that was created a moment ago has no drift.
  if (pendingSince !== undefined && now.getTime() - pendingSince.getTime() < 5000) return [];
  if (attributes === undefined) return ["its project id is unreadable"];
  const { projectId, inherits } = attributes;
  if (projectId === 0) return ["it has no project id, so it has no limit"];
  if (projectId === parent?.projectId) return ["it has no project id of its own"];
  const others = (sharers.get(projectId) ?? []).filter((other) => other.name !== name);
  const shared = others
    .slice(0, 3)
    .map((other) => other.name)
    .join(", ");
  const wanted = wantedOf(home, limits);
  const hard = wanted === undefined ? bytes.hard : limitInKiB(wanted.bytes) * 1024;
  return [
    ...(others.length > 0 ? [`it shares the project id ${projectId} with ${shared}`] : []),
    ...(inherits ? [] : ["new files in it do not inherit its project id"]),
    ...(bytes.hard === hard
      ? []
      : [`its limit is ${limitText(bytes.hard)} instead of ${formatSize(hard)}`]),
    ...(wanted === undefined || files.hard === wanted.files
      ? []
      : [`its limit of files is ${files.hard || "none"} instead of ${wanted.files}`]),
    ...(pendingSince === undefined ? [] : ["its pending marker still exists"]),
  ];
};

// The watcher keeps the home's limit and cannot know which one was set: only a person can end this.
const unreadableFindings = ({ name, own, bytes }: Home): Finding[] => {
  if (own === undefined || !("problem" in own)) return [];
  const consequence =
    bytes.hard > 0 ? `keeps its limit of ${limitText(bytes.hard)}` : "gets the configured limit";
  return [
    {
      home: name,
      text: `limits/${name} is unreadable, so the home ${consequence}: ${own.problem}`,
      hint: `to set a limit again: \`swarmhub quota set ${name} 10G\`, or the configured one: \`swarmhub quota set ${name} default\``,
    },
  ];
};

/** The limits that a home should have; undefined while `limits.json` is unreadable. */
export const wantedOf = (home: Home, limits: Limits | undefined): WantedLimits | undefined => {
  const current = { bytes: home.bytes.hard, files: home.files.hard };
  const { name, own, groups } = home;
  return limits && wantedLimits(limits, { name, own, groups, current });
};

/** A hard limit as text; 0 is "none". */
export const limitText = (hard: number): string => (hard === 0 ? "none" : formatSize(hard));

const isSame = (one: Limits | undefined, other: Limits): boolean => textOf(one) === textOf(other);

const textOf = (limits: Limits | undefined): string =>
  limits === undefined
    ? ""
    : JSON.stringify([
        limits.bytes,
        limits.files,
        limits.trashDays,
        ...[limits.homes, limits.groups].map((each) =>
          Object.entries(each).toSorted(([one], [other]) => (one < other ? -1 : 1)),
        ),
      ]);
