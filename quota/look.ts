import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { stdoutOf, type Run } from "./command.js";
import type { Home, World } from "./decide.js";
import { inChunks } from "./lanes.js";
import { isHomeName, parseLsattr, parseReport, xfsQuota, type Attributes } from "./xfs.js";

/** What was found, and what lies in `homes/` without being a home. */
export type Look = World & {
  ignored: readonly Ignored[];
  /** Homes whose attributes could not be read. */
  unread: readonly string[];
  /** Homes came up since the look before. */
  isBehind: boolean;
  /** What lsattr said, by name; the folder that holds the homes is ".". */
  attributes: ReadonlyMap<string, Attributes>;
};
export type Ignored = { name: string; reason: string };

/** A second look: of the homes that were `touched` attributes are asked anew; the trees of `covered` were gone through. */
export type Again = {
  before: Look;
  touched: readonly string[];
  covered: ReadonlySet<string>;
};

/** Looks at the storage under `root` with two child processes. Throws when it cannot be looked at as a whole. */
export const look = async (root: string, run: Run, again?: Again): Promise<Look> => {
  const folder = join(root, "homes");
  const pathOf = (name: string) => join(folder, name);
  // Marks first: one that is set from here on belongs to a folder that this look may not have seen.
  const marks = new Set(await readdir(join(root, "pending")));
  const entries = await readdir(folder, { withFileTypes: true, encoding: "latin1" });
  const [attributes, report] = await Promise.all([
    again === undefined ? readAll(run, folder) : readAgain(run, folder, again, marks),
    stdoutOf(run, xfsQuota(root, "report -p -n -N -b")),
  ]);
  const accounts = parseReport(report);
  // Without its device file xfs_quota says nothing and calls that success; the disk's own root is always on an account.
  if (accounts.size === 0) throw new Error("xfs_quota reports no project's account, not even 0");
  const present = entries.filter(isHome).map(({ name }) => name);
  const names = again === undefined ? present : present.filter(isKnownTo(again.before));
  const found = names.flatMap((name): Home[] => {
    const seen = attributes.get(name);
    const marked = marks.has(name);
    const settled = !marked || again?.covered.has(name) === true;
    return seen === undefined ? [] : [{ name, ...seen, marked, settled, born: 0 }];
  });
  const missing = names.filter((name) => !attributes.has(name));
  const isThere = await Promise.all(missing.map((name) => exists(pathOf(name))));
  return {
    homes: await withAges(await withEmptiness(found, pathOf), pathOf),
    parentId: attributes.get(".")?.projectId ?? 0,
    accounts,
    attributes,
    unread: missing.filter((_, index) => isThere[index]),
    ignored: entries.filter((entry) => !isHome(entry)).map(whyIgnored),
    isBehind: names.length < present.length,
  };
};

const readAll = async (run: Run, folder: string): Promise<Map<string, Attributes>> =>
  parseLsattr(await stdoutOf(run, ["lsattr", "-pa", folder]), folder);

/**
 * Of 10,000 homes a second listing takes as long as the first, so only some are asked: what was touched, and what bears a
 * mark now, for its folder may be a new one. One that went away makes lsattr fail, and is only missing.
 */
const readAgain = async (run: Run, folder: string, again: Again, marks: ReadonlySet<string>) => {
  const attributes = new Map(again.before.attributes);
  const marked = [...marks].filter(isKnownTo(again.before));
  const asked = [...new Set([...again.touched, ...marked])];
  for (const name of asked) attributes.delete(name);
  for (const some of inChunks(asked)) {
    const { stdout } = await run(["lsattr", "-pd", ...some.map((name) => join(folder, name))]);
    for (const [name, seen] of parseLsattr(stdout, folder)) attributes.set(name, seen);
  }
  return attributes;
};

const isKnownTo =
  ({ attributes, unread }: Look) =>
  (name: string): boolean =>
    attributes.has(name) || unread.includes(name);

/** Whether a folder holds nothing; one that is gone holds nothing. */
export const isEmpty = (folder: string): Promise<boolean> =>
  readdir(folder).then((names) => names.length === 0, unless("ENOENT", true));

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
const withEmptiness = (found: readonly Home[], pathOf: PathOf): Promise<Home[]> =>
  Promise.all(
    found.map(async (home) =>
      home.settled
        ? home
        : { ...home, settled: await isEmpty(pathOf(home.name)).catch(() => false) },
    ),
  );

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
