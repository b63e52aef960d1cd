import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type UserError, usageError } from "../../errors.js";
import { type Entry, folderTar, readFolder } from "../../operator/folder.js";
import { formatSize, printable } from "../../text/format.js";
import type { HandedFile } from "./in-hub.js";

/** What is handed out under one name, with the content as a tar.gz. */
export type Handout = {
  name: string;
  files: HandedFile[];
  archive: () => Promise<Buffer>;
};

const maximum = { bytes: 100 * 2 ** 20, files: 2000 };
const longestName = 200;

/**
 * The name under which a file or folder is handed out: its own, which it also has in each home. macOS writes "ü" as two characters, and
 * people type one. Throws a UserError (usage).
 */
export const handoutName = (path: string): string => {
  const name = basename(resolve(path)).normalize();
  if (name === "" || name.startsWith(".") || Buffer.byteLength(name) > longestName)
    throw usageError(
      `"${printable(path)}" cannot be handed out: the name of a file or folder is needed that does not begin with a dot`,
      "rename it, then type: swarmhub handout NAME",
    );
  return name;
};

/** Reads a file or folder, without hidden files. Throws a UserError (usage) if it is too large, empty, or has links. */
export const readHandout = async (path: string): Promise<Handout> => {
  const name = handoutName(path);
  const full = resolve(path);
  const isFolder = (
    await stat(full).catch((error: NodeJS.ErrnoException) =>
      Promise.reject(unreadable(path, error)),
    )
  ).isDirectory();
  const entries = await readFolder(isFolder ? full : dirname(full), {
    maximum,
    includes: isFolder
      ? (inner) => (isVisible(basename(inner)) ? all : none)
      : (inner) => (inner === basename(full) ? itself : none),
    readTarget: (inner) =>
      Promise.reject(refused(full, inner, "it is a link", "replace it by a copy")),
    tooLarge: () =>
      usageError(
        `${printable(path)} is larger than ${formatSize(maximum.bytes)} or has more than ${maximum.files} files, and each home gets a copy`,
        "put large data where all users can read it",
      ),
    refused: (inner, why, hint) => refused(full, inner, why, hint),
    unreadable: (error) => unreadable(path, error),
  });
  const placed = entries
    .filter((entry) => entry.kind === "file")
    .map((entry) => ({ ...entry, path: isFolder ? `${name}/${entry.path.normalize()}` : name }));
  if (placed.length === 0)
    throw usageError(
      `${printable(path)} has no files to hand out`,
      "hidden files are not handed out",
    );
  for (const each of placed) {
    if (printable(each.path) !== each.path)
      throw refused(dirname(full), each.path, "its name has control characters", "rename it");
    if (!each.path.split("/").slice(Number(isFolder)).every(isUsable))
      throw refused(
        dirname(full),
        each.path,
        "not every machine can have a file of this name, so it could not be collected later",
        'rename it: up to 200 bytes, without < > : " \\ | ? *, and with no dot or space at the end',
      );
  }
  return { name, files: placed.map(fileOf), archive: () => folderTar(placed) };
};

const all = { itself: true, below: true };
const itself = { itself: true, below: false };
const none = { itself: false, below: false };

/** Jupyter shows no hidden files, and its own (.ipynb_checkpoints) are not the teacher's work. */
const isVisible = (name: string): boolean => !name.startsWith(".") && name !== "__pycache__";

/** As is_usable in hub/swarmhub/homes/collecting.py, which leaves other names out. */
const isUsable = (name: string): boolean =>
  Buffer.byteLength(name) <= longestName && !/[<>:"\\|?*\ufffe\uffff]|[. ]$/u.test(name);

const fileOf = ({ path, content, mode }: Extract<Entry, { kind: "file" }>): HandedFile => ({
  path,
  hash: createHash("sha256").update(content).digest("hex"),
  size: content.length,
  executable: (mode & 0o100) !== 0,
});

const refused = (folder: string, path: string, why: string, hint: string): UserError =>
  usageError(`${printable(join(folder, path))} cannot be handed out: ${why}`, hint);

const unreadable = (path: string, { code, message }: NodeJS.ErrnoException): UserError =>
  code === "ENOENT"
    ? usageError(`there is no file or folder ${printable(path)}`, "check the path")
    : usageError(`${printable(path)}: ${message}`, "make it readable");
