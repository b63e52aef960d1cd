import { readlink, realpath } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { type UserError, usageError } from "../errors.js";
import { formatSize } from "../text/format.js";
import { type Entry, folderHash, readFolder } from "./folder.js";

/** The first files of a new home, read from a folder on the operator's machine. */
export type FirstFiles = {
  /** Differs for every other content. */
  hash: string;
  /** Bytes that a copy occupies, in whole blocks. */
  bytes: number;
  /** Number of files, folders and links. */
  files: number;
  entries: readonly Entry[];
};

const maximum = { bytes: 50 * 2 ** 20, files: 5000 };
const blockSize = 4096;

/** Reads the folder. Throws a UserError (usage) if it is too large or holds anything that cannot be copied into a home. */
export const readFirstFiles = async (folder: string): Promise<FirstFiles> => {
  const entries = await readFolder(folder, {
    maximum,
    includes: () => ({ itself: true, below: true }),
    readTarget: (path) => targetInside(folder, path),
    tooLarge: () => tooLarge(folder),
    refused: (path, why, hint) => refused(folder, path, why, hint),
    unreadable: (error) => unreadable(folder, error),
  });
  return { hash: folderHash(entries), bytes: sizeOnDisk(entries), files: entries.length, entries };
};

/** The target of a symbolic link, unchanged; it must be inside the folder, so that it is copied too. */
const targetInside = async (folder: string, path: string): Promise<string> => {
  const linkPath = join(folder, path);
  const target = await readlink(linkPath);
  const end = await realpath(linkPath).catch(() => undefined);
  const isInside =
    !target.startsWith("/") &&
    isBelow(folder, resolve(dirname(linkPath), target)) &&
    (end === undefined || isBelow(await realpath(folder), end));
  if (isInside) return target;
  throw refused(
    folder,
    path,
    `it is a link to ${target}, which is outside the folder`,
    "replace it by a copy, or remove it from the folder",
  );
};

const isBelow = (folder: string, path: string): boolean => {
  const relativePath = relative(folder, path);
  return relativePath !== ".." && !relativePath.startsWith(`..${sep}`);
};

const sizeOnDisk = (entries: readonly Entry[]): number =>
  entries
    .map((entry) => (entry.kind === "file" ? Math.ceil(entry.content.length / blockSize) : 1))
    .reduce((sum, blocks) => sum + blocks * blockSize, 0);

const tooLarge = (folder: string): UserError =>
  usageError(
    `servers.skeleton: ${folder} is larger than ${formatSize(maximum.bytes)} or has more than ${maximum.files} files, and each new home gets a copy`,
    "put large data where all users can read it, and into the folder only files that each user changes",
  );

const refused = (folder: string, path: string, why: string, hint: string): UserError =>
  usageError(`servers.skeleton: ${join(folder, path)} cannot be copied into a home: ${why}`, hint);

const unreadable = (folder: string, { code, path, message }: NodeJS.ErrnoException): UserError => {
  if (code === "ENOENT" && path === join(folder, ""))
    return usageError(
      `servers.skeleton: there is no folder ${folder}`,
      "make the folder, or delete the key",
    );
  if (code === "ENOTDIR")
    return usageError(`servers.skeleton: ${folder} is not a folder`, "name a folder");
  return usageError(
    `servers.skeleton: ${message}`,
    "make it readable, or remove it from the folder",
  );
};
