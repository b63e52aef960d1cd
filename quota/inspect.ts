import { readdirSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isHomeName, storageFolders } from "../contracts/storage-folders.js";
import type { Ignored } from "../contracts/watcher-status.js";
import { isUsed, parentName } from "../contracts/xfs.js";
import type { Run } from "./command.js";
import { type Home, type StorageState, countWithoutId } from "./decide.js";
import { readAccounts, readHomes } from "./full-scan.js";
import type { KnownState } from "./known-state.js";
import { candidateIds } from "./project-ids.js";

/** The state of the storage, and the entries of `homes/` that are not homes. */
export type Inspection = StorageState & {
  /** The number of homes, known or not. */
  count: number;
  /** The highest project id that was seen. */
  highestId: number;
  /** A full scan of all homes and accounts has just been taken in. */
  isAfterFullScan: boolean;
  ignored: readonly Ignored[];
  /** Homes whose attributes could not be read. */
  unreadable: readonly string[];
  /** There are homes that were not read: the next pass must follow at once. */
  isBehind: boolean;
};

/** For a second inspection in a pass: it reads the homes that `changed` anew; the trees of `covered` have their ids. */
export type Recheck = {
  before: Inspection;
  changed: readonly string[];
  covered: ReadonlySet<string>;
};

/** One inspection reads so many homes, so that the first ones of a burst do not wait for the last. */
const maximumRead = 1000;

/**
 * Inspects the storage under `root` with two child processes: one reads the homes that have a pending marker or are new, the
 * other one their accounts. All others are in the known state. Throws when the storage as a whole cannot be read.
 */
export const inspect = async (
  root: string,
  run: Run,
  knownState: KnownState,
  recheck?: Recheck,
): Promise<Inspection> => {
  const folder = join(root, storageFolders.homes);
  const pathOf = (name: string) => join(folder, name);
  const isAfterFullScan = recheck === undefined && knownState.update();
  // Markers first: one that appears from here on belongs to a folder that this inspection may not have seen.
  const markers = new Set(await readdir(join(root, storageFolders.pending)));
  const entries = await readdir(folder, { withFileTypes: true, encoding: "latin1" });
  const present = entries.filter(isHome).map(({ name }) => name);
  knownState.keepOnly(new Set([...present, parentName]));
  const before = recheck && new Set(namesIn(recheck.before));
  const names = before === undefined ? present : present.filter((name) => before.has(name));
  const wanted = homesToRead(names, markers, knownState, recheck);
  const chosen = wanted.slice(0, recheck === undefined ? maximumRead : Infinity);
  const found = await readHomes(root, run, [parentName, ...chosen]);
  knownState.learnHomes([parentName, ...chosen], found);
  const parent = found.get(parentName);
  if (parent === undefined) throw new Error(`\`lsattr -pd\` prints nothing about ${folder}`);

  const unread = new Set(wanted.slice(chosen.length));
  const known = names.flatMap((name): Home[] => {
    const attributes = knownState.attributes.get(name);
    if (attributes === undefined || unread.has(name)) return [];
    const isPending = markers.has(name);
    const treeHasId = !isPending || recheck?.covered.has(name) === true;
    return [{ name, ...attributes, isPending, treeHasId, createdAt: 0 }];
  });
  const homes = await withCreationTimes(withEmptyTrees(known, pathOf), pathOf);
  const isNew = parent.projectId === 0 ? 1 : 0;
  const needed = Math.min(countWithoutId({ homes, parent }) + isNew, maximumRead);
  const candidates = recheck === undefined ? candidateIds(needed, knownState) : [];
  const carried = [...found.values()].map(({ projectId }) => projectId).filter((id) => id > 0);
  const ids = [...carried, ...candidates];
  const accounts = await readAccounts(root, run, ids);
  // Without its device file xfs_quota prints nothing and succeeds; a folder with an id is always on an account.
  if (carried.length > 0 && accounts.size === 0)
    throw new Error("xfs_quota reports no project's account");
  knownState.learnAccounts(ids, accounts);
  const freeIds = candidates.filter((id) => !isUsed(accounts.get(id)));
  const missing = chosen.filter((name) => !found.has(name));
  const stillExist = await Promise.all(missing.map((name) => exists(pathOf(name))));
  return {
    homes,
    parent,
    accounts: knownState.accounts,
    isComplete: knownState.isComplete,
    isAfterFullScan,
    assignedIds: knownState.assignedIds,
    freeIds,
    highestId: knownState.highestId,
    count: present.length,
    unreadable: missing.filter((_, index) => stillExist[index]),
    ignored: entries.filter((entry) => !isHome(entry)).map(ignoredEntry),
    isBehind:
      unread.size > 0 ||
      (freeIds.length > 0 && countWithoutId({ homes, parent }) + isNew > freeIds.length) ||
      (knownState.isComplete && names.length < present.length),
  };
};

/** The homes to read: first those with a pending marker and those just changed, then the new ones. */
const homesToRead = (
  names: readonly string[],
  markers: ReadonlySet<string>,
  { attributes, isComplete }: KnownState,
  recheck: Recheck | undefined,
): string[] => {
  const changed = new Set(recheck?.changed);
  const isUrgent = (name: string) => markers.has(name) || changed.has(name);
  const isNew = (name: string) => isComplete && !attributes.has(name);
  return [...names.filter(isUrgent), ...names.filter((name) => !isUrgent(name) && isNew(name))];
};

const namesIn = ({ homes, unreadable }: Inspection): string[] => [
  ...homes.map(({ name }) => name),
  ...unreadable,
];

/**
 * Whether a folder is empty; a missing one is. It blocks, as every call for a thousand homes here does: each asynchronous call
 * goes through another thread, and took ten times as long in a virtual machine.
 */
export const isEmpty = (folder: string): boolean => {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    return unless("ENOENT", true)(error);
  }
};

/** Returns `instead` for an error with this code, and throws every other one. */
export const unless =
  <Value>(code: string, instead: Value) =>
  (error: unknown): Value => {
    if (error instanceof Error && "code" in error && error.code === code) return instead;
    throw error;
  };

type Entry = { name: string; isDirectory: () => boolean };
type PathOf = (name: string) => string;

const isHome = (entry: Entry): boolean => entry.isDirectory() && isHomeName(entry.name);

const ignoredEntry = (entry: Entry): Ignored => ({
  name: entry.name,
  reason: entry.isDirectory() ? "its name cannot be a home's" : "it is not a folder",
});

/**
 * The tree of an empty home has its id: later files take it over. Read after the attributes. A home that cannot be read does
 * not count as empty, so that its assignment fails with the reason, and the others do not wait for it.
 */
const withEmptyTrees = (homes: readonly Home[], pathOf: PathOf): Home[] =>
  homes.map((home) =>
    home.treeHasId ? home : { ...home, treeHasId: isReadableAndEmpty(pathOf(home.name)) },
  );

const isReadableAndEmpty = (folder: string): boolean => {
  try {
    return isEmpty(folder);
  } catch {
    return false;
  }
};

/** Creation times are read only for homes that share an id: for 10,000 correct homes, none. */
const withCreationTimes = (homes: readonly Home[], pathOf: PathOf): Promise<Home[]> => {
  const carriers = new Map<number, number>();
  for (const { projectId } of homes) carriers.set(projectId, (carriers.get(projectId) ?? 0) + 1);
  return Promise.all(
    homes.map(async (home) =>
      home.projectId === 0 || carriers.get(home.projectId) === 1
        ? home
        : { ...home, createdAt: await creationTime(pathOf(home.name)) },
    ),
  );
};

const creationTime = (folder: string): Promise<number> =>
  stat(folder).then(({ birthtimeMs }) => birthtimeMs, unless("ENOENT", Infinity));

const exists = (folder: string): Promise<boolean> =>
  stat(folder).then(() => true, unless("ENOENT", false));
