import { lstatSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  type Limits,
  type OwnLimits,
  type Unreadable,
  maximumLimitsBytes,
  maximumOwnLimitsBytes,
  notReadable,
  parseGroupNote,
  parseLimits,
  parseOwnLimits,
  wantedLimits,
} from "../contracts/limits.js";
import { isHomeName, storageFiles, storageFolders } from "../contracts/storage-folders.js";
import type { Failure } from "../contracts/watcher-status.js";
import { limitInKiB } from "../contracts/xfs.js";
import { messageOf } from "./command.js";
import type { LimitFor } from "./decide.js";
import { unless } from "./inspect.js";

/** The limits as the files on the storage gave them at one moment. */
export type LimitsSnapshot = {
  limitFor: LimitFor;
  /** The last readable `limits.json`; undefined when it never was readable. */
  limits: Limits | undefined;
  /** Files that could not be read, by the home they are for. */
  failures: readonly Failure[];
};

/**
 * Reads `limits.json`, `limits/` and `groups/` under `root` at each call; in the folders it opens only files that changed. It does not throw.
 * It blocks: each pass begins with it, and 10,000 files took 11 to 41 s through Node's threads in a virtual machine, so 2 to 4 s.
 */
export const createLimits = (root: string): (() => LimitsSnapshot) => {
  let limits: Limits | undefined;
  let own: Files<OwnLimits | Unreadable> = new Map();
  let notes: Files<readonly string[]> = new Map();
  return () => {
    const failures: Failure[] = [];
    const fail = (home: string, reason: string) => void failures.push({ home, reason });
    try {
      limits = parseLimits(read(join(root, storageFiles.limits), maximumLimitsBytes));
    } catch (error) {
      const instead = limits === undefined ? "homes keep their limits" : "its last content counts";
      fail("limits.json", `${messageOf(error)}; ${instead}`);
    }
    try {
      own = readFiles(join(root, storageFolders.limits), own, ownLimitsIn);
    } catch (error) {
      fail("limits/", `${messageOf(error)}; its last content counts`);
    }
    try {
      notes = readFiles(join(root, storageFolders.groups), notes, groupsIn);
    } catch (error) {
      fail("groups/", `${messageOf(error)}; its last content counts`);
    }
    for (const [home, { content }] of own)
      if ("problem" in content)
        fail(home, `limits/${home} is unreadable, so the home keeps its limit: ${content.problem}`);
    return { limitFor: limitForOf(limits, own, notes), limits, failures };
  };
};

/** The files of a folder by the home they are for, as they were last read; `version` changes with the file. */
type Files<Content> = ReadonlyMap<string, { version: string; content: Content }>;

const limitForOf =
  (
    limits: Limits | undefined,
    own: Files<OwnLimits | Unreadable>,
    notes: Files<readonly string[]>,
  ): LimitFor =>
  (name, currentLimit) => {
    const { hardKiB = 0, hardFiles = 0 } = currentLimit ?? {};
    const current = { bytes: hardKiB * 1024, files: hardFiles };
    const groups = notes.get(name)?.content ?? [];
    const home = { name, own: own.get(name)?.content, groups, current };
    // Without limits.json homes keep their limits.
    const { bytes, files } = wantedLimits(limits ?? { ...current, homes: {}, groups: {} }, home);
    return bytes > 0 && files > 0 ? { hardKiB: limitInKiB(bytes), hardFiles: files } : undefined;
  };

const readFiles = <Content>(
  folder: string,
  before: Files<Content>,
  contentOf: (path: string) => Content,
): Files<Content> => {
  const found = new Map<string, { version: string; content: Content }>();
  for (const name of namesIn(folder).filter(isHomeName)) {
    const path = join(folder, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    const version = `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
    const known = before.get(name);
    found.set(name, known?.version === version ? known : { version, content: contentOf(path) });
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

const groupsIn = (path: string): readonly string[] => {
  try {
    return parseGroupNote(read(path, maximumOwnLimitsBytes))?.groups ?? [];
  } catch {
    return [];
  }
};

const ownLimitsIn = (path: string): OwnLimits | Unreadable => {
  try {
    return parseOwnLimits(read(path, maximumOwnLimitsBytes));
  } catch (error) {
    return { problem: messageOf(error) };
  }
};

const read = (path: string, maximumBytes: number): string => {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new Error("the file is missing");
  if (!stats.isFile() || stats.size > maximumBytes) throw new Error(notReadable(maximumBytes));
  return readFileSync(path, "utf8");
};
