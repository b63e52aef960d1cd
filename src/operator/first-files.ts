import { readlink, realpath } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { UserError, exitCode } from "../errors.js";
import { formatSize } from "../text/format.js";
import { type Entry, folderHash, readFolder } from "./folder.js";

/** The first files of a new home, read from a folder of the operator's. */
export type FirstFiles = {
  /** Another one for every other content. */
  hash: string;
  /** The room that a copy takes: whole blocks, and how many files, folders and links. */
  bytes: number;
  files: number;
  entries: readonly Entry[];
};

const most = { bytes: 50 * 2 ** 20, files: 5000 };
const block = 4096;

/** Reads the folder; throws a UserError (usage) where it is too large, or holds what cannot be copied into a home. */
export const readFirstFiles = async (folder: string): Promise<FirstFiles> => {
  const entries = await readFolder(folder, {
    most,
    takes: () => ({ itself: true, below: true }),
    targetOf: (path) => insideTarget(folder, path),
    tooLarge: () => tooLarge(folder),
    refused: (path, why, hint) => refused(folder, path, why, hint),
    unreadable: (error) => unreadable(folder, error),
  });
  return { hash: folderHash(entries), bytes: roomOf(entries), files: entries.length, entries };
};

/** Where a link leads, as it is written; what it leads to must come along. */
const insideTarget = async (folder: string, path: string): Promise<string> => {
  const full = join(folder, path);
  const target = await readlink(full);
  const end = await realpath(full).catch(() => undefined);
  const isInside =
    !target.startsWith("/") &&
    isBelow(folder, resolve(dirname(full), target)) &&
    (end === undefined || isBelow(await realpath(folder), end));
  if (isInside) return target;
  throw refused(
    folder,
    path,
    `it is a link to ${target}, outside the folder, which no home has`,
    "put a copy in its place, or take it out of the folder",
  );
};

const isBelow = (folder: string, path: string): boolean => {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`);
};

const roomOf = (entries: readonly Entry[]): number =>
  entries
    .map((entry) => (entry.kind === "file" ? Math.ceil(entry.content.length / block) : 1))
    .reduce((sum, blocks) => sum + blocks * block, 0);

const tooLarge = (folder: string): UserError =>
  wrong(
    `servers.skeleton: ${folder} is larger than ${formatSize(most.bytes)} or has more than ${most.files} files, and each new home gets a copy`,
    "put large data where all can read it, and only what each person changes into the folder",
  );

const refused = (folder: string, path: string, why: string, hint: string): UserError =>
  wrong(`servers.skeleton: ${join(folder, path)} cannot go into a home: ${why}`, hint);

const unreadable = (folder: string, { code, path, message }: NodeJS.ErrnoException): UserError => {
  if (code === "ENOENT" && path === join(folder, ""))
    return wrong(`servers.skeleton: there is no folder ${folder}`, "make it, or leave the key out");
  if (code === "ENOTDIR") return wrong(`servers.skeleton: ${folder} is no folder`, "name a folder");
  return wrong(`servers.skeleton: ${message}`, "make it readable, or take it out of the folder");
};

const wrong = (message: string, hint: string): UserError =>
  new UserError(message, { hint, code: exitCode.usage });
