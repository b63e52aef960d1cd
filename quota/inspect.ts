import { readdirSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isHomeName, storageFolders } from "../contracts/storage-folders.js";
import type { Ignored } from "../contracts/watcher-status.js";
import { isUsed, parentName } from "../contracts/xfs.js";
import type { Run } from "./command.js";
import { type Home, type World, lacking } from "./decide.js";
import { askAccounts, askHomes } from "./full-scan.js";
import type { KnownState } from "./known-state.js";
import { candidateIds } from "./project-ids.js";

/** What was found, and what lies in `homes/` without being a home. */
export type Inspection = World & {
  /** How many homes there are, known or not. */
  count: number;
  /** The highest project id that was seen. */
  highestId: number;
  /** Every home and account was looked at just now. */
  isFresh: boolean;
  ignored: readonly Ignored[];
  /** Homes whose attributes could not be read. */
  unread: readonly string[];
  /** There are homes that were not asked: make another pass at once. */
  isBehind: boolean;
};

/** A second look: of the homes that were `touched` attributes are asked anew; the trees of `covered` were gone through. */
export type Again = {
  before: Inspection;
  touched: readonly string[];
  covered: ReadonlySet<string>;
};

/** So many homes are asked in one look, that the first of a burst do not wait for its last. */
const mostAsked = 1000;

/**
 * Looks at the storage under `root` with two child processes: one asks the homes that bear a mark or are new, the other one
 * their accounts. All others the memory knows. Throws when the storage cannot be looked at as a whole.
 */
export const inspect = async (
  root: string,
  run: Run,
  knownState: KnownState,
  again?: Again,
): Promise<Inspection> => {
  const folder = join(root, storageFolders.homes);
  const pathOf = (name: string) => join(folder, name);
  const isFresh = again === undefined && knownState.turn();
  // Marks first: one that is set from here on belongs to a folder that this look may not have seen.
  const marks = new Set(await readdir(join(root, storageFolders.pending)));
  const entries = await readdir(folder, { withFileTypes: true, encoding: "latin1" });
  const present = entries.filter(isHome).map(({ name }) => name);
  knownState.keepOnly(new Set([...present, parentName]));
  const seenBefore = again && new Set(namesIn(again.before));
  const names = seenBefore === undefined ? present : present.filter((name) => seenBefore.has(name));
  const wanted = wantedOf(names, marks, knownState, again);
  const asked = wanted.slice(0, again === undefined ? mostAsked : Infinity);
  const answers = await askHomes(root, run, [parentName, ...asked]);
  knownState.learnHomes([parentName, ...asked], answers);
  const parent = answers.get(parentName);
  if (parent === undefined) throw new Error(`\`lsattr -pd\` says nothing of ${folder}`);

  const unasked = new Set(wanted.slice(asked.length));
  const found = names.flatMap((name): Home[] => {
    const seen = knownState.attributes.get(name);
    const marked = marks.has(name);
    const settled = !marked || again?.covered.has(name) === true;
    const isKnown = seen !== undefined && !unasked.has(name);
    return isKnown ? [{ name, ...seen, marked, settled, born: 0 }] : [];
  });
  const homes = await withAges(withEmptiness(found, pathOf), pathOf);
  const isNew = parent.projectId === 0 ? 1 : 0;
  const need = Math.min(lacking({ homes, parent }) + isNew, mostAsked);
  const offered = again === undefined ? candidateIds(need, knownState) : [];
  const carried = [...answers.values()].map(({ projectId }) => projectId).filter((id) => id > 0);
  const ids = [...carried, ...offered];
  const accounts = await askAccounts(root, run, ids);
  // Without its device file xfs_quota says nothing and calls that success; what carries an id is always on an account.
  if (carried.length > 0 && accounts.size === 0)
    throw new Error("xfs_quota reports no project's account");
  knownState.learnAccounts(ids, accounts);
  const free = offered.filter((id) => !isUsed(accounts.get(id)));
  const missing = asked.filter((name) => !answers.has(name));
  const isThere = await Promise.all(missing.map((name) => exists(pathOf(name))));
  return {
    homes,
    parent,
    accounts: knownState.accounts,
    isWhole: knownState.isWhole,
    isFresh,
    given: knownState.given,
    free,
    highestId: knownState.highestId,
    count: present.length,
    unread: missing.filter((_, index) => isThere[index]),
    ignored: entries.filter((entry) => !isHome(entry)).map(whyIgnored),
    isBehind:
      unasked.size > 0 ||
      (free.length > 0 && lacking({ homes, parent }) + isNew > free.length) ||
      (knownState.isWhole && names.length < present.length),
  };
};

/** Homes to ask: those with a mark and those just touched first, then those that are new. */
const wantedOf = (
  names: readonly string[],
  marks: ReadonlySet<string>,
  { attributes, isWhole }: KnownState,
  again: Again | undefined,
): string[] => {
  const touched = new Set(again?.touched);
  const isUrgent = (name: string) => marks.has(name) || touched.has(name);
  const isNew = (name: string) => isWhole && !attributes.has(name);
  return [...names.filter(isUrgent), ...names.filter((name) => !isUrgent(name) && isNew(name))];
};

const namesIn = ({ homes, unread }: Inspection): string[] => [
  ...homes.map(({ name }) => name),
  ...unread,
];

/**
 * Whether a folder holds nothing; one that is gone holds nothing. It blocks, as what is asked of a thousand homes here does:
 * each call that waits goes through another thread, and took ten times as long in a virtual machine.
 */
export const isEmpty = (folder: string): boolean => {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    return unless("ENOENT", true)(error);
  }
};

/** Answers `instead` where an error has this code, and throws all others on. */
export const unless =
  <Value>(code: string, instead: Value) =>
  (error: unknown): Value => {
    if (error instanceof Error && "code" in error && error.code === code) return instead;
    throw error;
  };

type Entry = { name: string; isDirectory: () => boolean };
type PathOf = (name: string) => string;

const isHome = (entry: Entry): boolean => entry.isDirectory() && isHomeName(entry.name);

const whyIgnored = (entry: Entry): Ignored => ({
  name: entry.name,
  reason: entry.isDirectory() ? "its name cannot be a home's" : "it is not a folder",
});

/**
 * A marked home is settled when it is empty: what comes later takes the id over. Looked at after the attributes. One that
 * cannot be read is not settled, so that its assignment fails and says why, and the others do not wait for it.
 */
const withEmptiness = (found: readonly Home[], pathOf: PathOf): Home[] =>
  found.map((home) =>
    home.settled ? home : { ...home, settled: canBeSettled(pathOf(home.name)) },
  );

const canBeSettled = (folder: string): boolean => {
  try {
    return isEmpty(folder);
  } catch {
    return false;
  }
};

/** Ages are asked only of homes that share an id: a look at 10,000 right homes asks none. */
const withAges = (found: readonly Home[], pathOf: PathOf): Promise<Home[]> => {
  const carriers = new Map<number, number>();
  for (const { projectId } of found) carriers.set(projectId, (carriers.get(projectId) ?? 0) + 1);
  return Promise.all(
    found.map(async (home) =>
      home.projectId === 0 || carriers.get(home.projectId) === 1
        ? home
        : { ...home, born: await bornAt(pathOf(home.name)) },
    ),
  );
};

const bornAt = (folder: string): Promise<number> =>
  stat(folder).then(({ birthtimeMs }) => birthtimeMs, unless("ENOENT", Infinity));

const exists = (folder: string): Promise<boolean> =>
  stat(folder).then(() => true, unless("ENOENT", false));
