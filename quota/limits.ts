import { lstatSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Failure } from "../contracts/watcher-status.js";
import { isHomeName, limitInKiB } from "../contracts/xfs.js";
import { wordsOf } from "./command.js";
import type { Want } from "./decide.js";
import { unless } from "./inspect.js";

/** What `limits.json` or a file in `limits/` says of a home. */
type Share = { bytes?: number; files?: number };
/** `limits.json`: what each home may hold, the homes that may hold another amount, and how long the trash is kept. */
type Rules = Required<Share> & { homes: ReadonlyMap<string, Share>; trashDays: number };

/** What homes may hold, as the files on the storage said at one moment. */
export type Limits = {
  want: Want;
  /** What `limits.json` says for all; undefined when it never could be read. */
  rules: Rules | undefined;
  /** Files that could not be read, by the home they are for. */
  failures: readonly Failure[];
};

/**
 * Reads `limits.json` and `limits/` under `root` at each call; only files that changed are opened. It does not throw. It blocks:
 * each pass begins with it, and 10,000 files took 11 to 41 s by way of Node's threads in a virtual machine, so 2 to 4 s.
 */
export const createLimits = (root: string): (() => Limits) => {
  let rules: Rules | undefined;
  let own = new Map<string, Own>();
  return () => {
    const failures: Failure[] = [];
    const blame = (home: string, reason: string) => void failures.push({ home, reason });
    try {
      rules = rulesFrom(read(join(root, "limits.json")));
    } catch (error) {
      const kept = rules === undefined ? "homes keep the limits they have" : "the last one counts";
      blame("limits.json", `${wordsOf(error)}; ${kept}`);
    }
    try {
      own = readOwn(join(root, "limits"), own);
    } catch (error) {
      blame("limits/", `${wordsOf(error)}; the last ones count`);
    }
    for (const [home, { broken }] of own)
      if (broken !== undefined) blame(home, `limits/${home}: ${broken}; it keeps the limit it has`);
    return { want: wantOf(rules, own), rules, failures };
  };
};

/** A home's own file as it was last read; `seen` changes with it. */
type Own = { seen: string; share: Share; broken?: string };

const wantOf =
  (rules: Rules | undefined, own: ReadonlyMap<string, Own>): Want =>
  (home, has) => {
    const { share, broken } = own.get(home) ?? { share: {} };
    const isLimited = has !== undefined && has.hardKiB > 0 && has.hardFiles > 0;
    if (broken !== undefined && isLimited) return has;
    const { bytes, files } = { ...rules, ...rules?.homes.get(home), ...share };
    const hardKiB = bytes === undefined ? has?.hardKiB : limitInKiB(bytes);
    const hardFiles = files ?? has?.hardFiles;
    return hardKiB && hardFiles ? { hardKiB, hardFiles } : undefined;
  };

const readOwn = (folder: string, before: ReadonlyMap<string, Own>) => {
  const found = new Map<string, Own>();
  for (const name of namesIn(folder).filter(isHomeName)) {
    const path = join(folder, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    const seen = `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
    const known = before.get(name);
    found.set(name, known?.seen === seen ? known : { seen, ...readShare(path) });
  }
  return found;
};

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder, { encoding: "latin1" });
  } catch (error) {
    return unless("ENOENT", [])(error);
  }
};

const readShare = (path: string): Omit<Own, "seen"> => {
  try {
    return { share: shareFrom(read(path)) };
  } catch (error) {
    return { share: {}, broken: wordsOf(error) };
  }
};

const largest = 2 ** 24;
// bytes: 100,000 homes are some 6 MB

const read = (path: string): Record<string, unknown> => {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new Error("the file is missing");
  if (!stats.isFile() || stats.size > largest)
    throw new Error("it is no plain file of a size to read");
  const text = readFileSync(path, "utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error("it is no JSON", { cause: error });
  }
  return mapping(value, "it");
};

const mapping = (value: unknown, what: string): Record<string, unknown> => {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Error(`${what} is no mapping`);
};

const rulesFrom = (given: Record<string, unknown>): Rules => {
  const { bytes, files } = shareFrom(given);
  const { trashDays, homes = {} } = given;
  if (bytes === undefined || files === undefined)
    throw new Error("it does not say both bytes and files");
  if (typeof trashDays !== "number" || !(trashDays >= 1))
    throw new Error("trashDays must be a number of days, at least 1");
  const exceptions = Object.entries(mapping(homes, "homes")).map(
    ([home, share]) => [home, shareFrom(mapping(share, `the limit of ${home}`))] as const,
  );
  return { bytes, files, trashDays, homes: new Map(exceptions) };
};

const shareFrom = (given: Record<string, unknown>): Share => ({
  ...amount(given, "bytes", 4096),
  ...amount(given, "files", 1),
});

/** XFS takes 0 for no limit at all, and nobody gets that. */
const amount = (given: Record<string, unknown>, key: "bytes" | "files", least: number): Share => {
  const value = given[key];
  if (value === undefined) return {};
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least)
    return { [key]: value };
  throw new Error(`${key} must be a whole number, at least ${least}`);
};
