import {
  access,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, join, parse } from "node:path";
import { z } from "zod";
import { UserError, exitCode } from "../../errors.js";
import type { NamedHome } from "../../homes/select.js";
import type { CollectRow } from "./result.js";

/**
 * The folder of one class with what was collected, in nbgrader's layout: `submitted/NAME/ASSIGNMENT/`. What a newer copy replaces goes
 * to `earlier/TIME/NAME/ASSIGNMENT/`. A note has the state of each copy, so that the next time only what changed is copied.
 */
export type CollectedFolder = {
  /** The state of each copy that is still there, by the name of the home. */
  known: Record<string, string>;
  /** A new folder for what comes, beside the copies. */
  part: string;
  /** Puts what came for these homes into its place, each home as a whole. Answers which copies are new and which replaced one. */
  place: (
    rows: readonly CollectRow[],
    homes: readonly NamedHome[],
    now: Date,
  ) => Promise<Map<string, Placed>>;
  /** Removes the new folder. */
  close: () => Promise<void>;
};

/** What happened to the copy of a home. */
export type Placed = "new" | "updated" | "as before";

const noteName = ".swarmhub-collected.json";
const note = z.record(
  z.string(),
  z.object({ path: z.string(), homes: z.record(z.string(), z.string()) }),
);

/** "hw1" for hw1.ipynb, week2/hw1.ipynb and hw1: nbgrader's name of the assignment. */
export const assignmentOf = (path: string): string => parse(basename(path)).name;

/**
 * The name of a student's folder: the login name if every file system can have it, else the name of the home. Without capital
 * letters, which some file systems do not tell from small ones, and home names never collide with other login names.
 */
export const studentOf = ({ name, user }: NamedHome): string =>
  user !== undefined && /^[a-z0-9](?:[a-z0-9@._-]{0,98}[a-z0-9])?$/.test(user) ? user : name;

/** The names of all students' folders. Of two homes with one owner, which an owner of the machines can make, each keeps its own name. */
const folderNames = (homes: readonly NamedHome[]): ((home: NamedHome) => string) => {
  const all = homes.map(studentOf);
  const shared = new Set(all.filter((name, index) => all.indexOf(name) !== index));
  return (home) => (shared.has(studentOf(home)) ? home.name : studentOf(home));
};

/** Opens or makes the folder for one path of the homes. Throws a UserError. */
export const openCollected = async (
  folder: string,
  path: string,
  homes: readonly NamedHome[],
): Promise<CollectedFolder> => {
  const assignment = assignmentOf(path);
  const student = folderNames(homes);
  const placeOf = (home: NamedHome): string => join(folder, "submitted", student(home), assignment);
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: Error) => {
    throw new UserError(`${folder} cannot be used: ${error.message}`, {
      hint: "name another folder with --to",
      code: exitCode.usage,
    });
  });
  const all = await readNote(folder);
  const entry = all[assignment] ?? { path, homes: {} };
  if (entry.path !== path)
    throw new UserError(
      `${folder} has ${entry.path} as ${assignment} already, and ${path} would be mixed up with it`,
      { hint: `name another folder with --to`, code: exitCode.usage },
    );
  const present = await Promise.all(
    homes.map(async (home) => ({ name: home.name, exists: await doesExist(placeOf(home)) })),
  );
  const known = Object.fromEntries(
    present.flatMap(({ name, exists }) => {
      const state = entry.homes[name];
      return exists && state !== undefined ? [[name, state]] : [];
    }),
  );
  await removeLeft(folder);
  const part = await mkdtemp(join(folder, partName));
  return {
    known,
    part,
    place: async (rows, all_, now) => {
      const byName = new Map(all_.map((home) => [home.name, home]));
      const placed = new Map<string, Placed>();
      for (const row of rows) {
        const home = byName.get(row.home);
        if (home === undefined || row.what !== "changed") continue;
        if (!row.isKnown) {
          const earlier = join(folder, "earlier", stamp(now), student(home), assignment);
          placed.set(row.home, await replace(join(part, row.home), placeOf(home), earlier, row));
          if (row.state !== null) entry.homes[row.home] = row.state;
          await writeNote(folder, { ...all, [assignment]: entry });
        } else placed.set(row.home, "as before");
      }
      return placed;
    },
    close: () => rm(part, { recursive: true, force: true }),
  };
};

const partName = ".part-";
/** Longer than any collection takes. */
const hour = 3_600_000;

/** Removes what a collection that was killed has left. */
const removeLeft = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(partName)) continue;
    const path = join(folder, name);
    // Another collection may just remove its own.
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > hour)
      await rm(path, { recursive: true, force: true });
  }
};

const replace = async (
  from: string,
  to: string,
  earlier: string,
  { changedAt }: CollectRow,
): Promise<Placed> => {
  // The time at which nbgrader decides whether the work is late (nbgrader, timestamp.txt).
  const moment = new Date(changedAt * 1000).toISOString().replace("T", " ").replace("Z", " UTC");
  await writeFile(join(from, "timestamp.txt"), `${moment}\n`, { flag: "wx", mode: 0o600 });
  const exists = await doesExist(to);
  if (exists) {
    await mkdir(dirname(earlier), { recursive: true, mode: 0o700 });
    await rename(to, earlier);
  } else await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  await rename(from, to);
  return exists ? "updated" : "new";
};

/** "2026-11-30T10.12.13Z": without colons, which Windows cannot have in a name. */
const stamp = (now: Date): string => `${now.toISOString().slice(0, 19).replaceAll(":", ".")}Z`;

const doesExist = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const readNote = async (folder: string): Promise<z.infer<typeof note>> => {
  try {
    return note.parse(JSON.parse(await readFile(join(folder, noteName), "utf8")));
  } catch {
    // Without it everything is copied again, and nothing is lost.
    return {};
  }
};

const writeNote = async (folder: string, content: z.infer<typeof note>): Promise<void> => {
  const path = join(folder, noteName);
  await writeFile(`${path}.new`, JSON.stringify(content), { mode: 0o600 });
  await rename(`${path}.new`, path);
};
