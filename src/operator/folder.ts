import { createHash } from "node:crypto";
import { lstat, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { UserError } from "../errors.js";

/** What a folder of the operator's holds, by paths below it: "data/rain.csv". */
export type Entry = { path: string } & (
  | { kind: "folder" }
  | { kind: "link"; target: string }
  | { kind: "file"; content: Buffer; mode: number }
);

/** How a folder is read: how much of it at most, what of it, and what is said where it cannot be. */
export type Reading = {
  /** Bytes of files, and how many files, folders and links. */
  most: { bytes: number; files: number };
  /** What of a path below it comes along: the thing itself, and what is in it where that is a folder. */
  takes: (path: string) => { itself: boolean; below: boolean };
  /** Where a link leads, as it is written. */
  targetOf: (path: string) => Promise<string>;
  tooLarge: () => UserError;
  refused: (path: string, why: string, hint: string) => UserError;
  unreadable: (error: NodeJS.ErrnoException) => UserError;
};

/** Reads a folder, in an order of its own; throws a UserError where it is too large, or holds what cannot be copied. */
export const readFolder = async (folder: string, reading: Reading): Promise<Entry[]> => {
  const entries: Entry[] = [];
  let size = 0;
  const read = async (path: string): Promise<void> => {
    for (const name of (await readdir(join(folder, path))).toSorted()) {
      const here = path === "" ? name : `${path}/${name}`;
      const { itself, below } = reading.takes(here);
      if (!itself && !below) continue;
      const entry = await entryAt(folder, here, reading);
      if (itself) entries.push(entry);
      size += itself && entry.kind === "file" ? entry.content.length : 0;
      if (size > reading.most.bytes || entries.length > reading.most.files)
        throw reading.tooLarge();
      if (entry.kind === "folder" && below) await read(entry.path);
    }
  };
  await read("").catch((error: NodeJS.ErrnoException) => {
    throw error instanceof UserError ? error : reading.unreadable(error);
  });
  return entries;
};

/** Another word of 16 characters for every other content; times and owners are no part of it. */
export const folderHash = (entries: readonly Entry[]): string => {
  const hash = createHash("sha256");
  for (const entry of entries) {
    const { content, ...rest } = { content: Buffer.alloc(0), ...entry };
    hash.update(`${JSON.stringify([rest, content.length])}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
};

/** What was read as a compressed tar archive. */
export const folderTar = (entries: readonly Entry[]): Promise<Buffer> => {
  const archive = pack();
  for (const entry of entries) {
    const header = { name: entry.path, mtime: new Date(0), uid: 0, gid: 0 };
    if (entry.kind === "folder") archive.entry({ ...header, type: "directory", mode: 0o755 });
    if (entry.kind === "link")
      archive.entry({ ...header, type: "symlink", linkname: entry.target });
    if (entry.kind === "file") archive.entry({ ...header, mode: entry.mode }, entry.content);
  }
  archive.finalize();
  return buffer(Readable.from(archive, { objectMode: false }).pipe(createGzip()));
};

const entryAt = async (folder: string, path: string, reading: Reading): Promise<Entry> => {
  const full = join(folder, path);
  if (path.includes("\uFFFD")) throw reading.refused(path, "its name is not UTF-8", "rename it");
  const seen = await lstat(full);
  if (seen.isDirectory()) return { kind: "folder", path };
  if (seen.isSymbolicLink()) return { kind: "link", path, target: await reading.targetOf(path) };
  if (!seen.isFile())
    throw reading.refused(path, "it is no file, folder or link", "take it out of the folder");
  // Before it is read: one file of many GB would not fit into memory.
  if (seen.size > reading.most.bytes) throw reading.tooLarge();
  const mode = (seen.mode & 0o100) === 0 ? 0o644 : 0o755;
  return { kind: "file", path, content: await readFile(full), mode };
};
