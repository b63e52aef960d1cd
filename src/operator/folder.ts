import { createHash } from "node:crypto";
import { lstat, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { UserError } from "../errors.js";

/** A file, folder or link in a folder on the operator's machine; paths are relative to the folder: "data/rain.csv". */
export type Entry = { path: string } & (
  | { kind: "folder" }
  | { kind: "link"; target: string }
  | { kind: "file"; content: Buffer; mode: number }
);

/** How a folder is read: the limits, the paths to include, and the errors. */
type ReadOptions = {
  /** Bytes of all files, and number of files, folders and links. */
  maximum: { bytes: number; files: number };
  /** Whether a path is included, and if it is a folder, whether anything below it may be. */
  includes: (path: string) => { itself: boolean; below: boolean };
  /** The target of a symbolic link, unchanged. */
  readTarget: (path: string) => Promise<string>;
  tooLarge: () => UserError;
  refused: (path: string, why: string, hint: string) => UserError;
  unreadable: (error: NodeJS.ErrnoException) => UserError;
};

/** Reads a folder, sorted by name and each folder before its content. Throws a UserError if it is too large or holds anything that cannot be copied. */
export const readFolder = async (folder: string, options: ReadOptions): Promise<Entry[]> => {
  const entries: Entry[] = [];
  let size = 0;
  const read = async (path: string): Promise<void> => {
    for (const name of (await readdir(join(folder, path))).toSorted()) {
      const entryPath = path === "" ? name : `${path}/${name}`;
      const { itself, below } = options.includes(entryPath);
      if (!itself && !below) continue;
      const entry = await entryAt(folder, entryPath, options);
      if (itself) entries.push(entry);
      size += itself && entry.kind === "file" ? entry.content.length : 0;
      if (size > options.maximum.bytes || entries.length > options.maximum.files)
        throw options.tooLarge();
      if (entry.kind === "folder" && below) await read(entry.path);
    }
  };
  await read("").catch((error: NodeJS.ErrnoException) => {
    throw error instanceof UserError ? error : options.unreadable(error);
  });
  return entries;
};

/** A hash of 16 characters that differs for every other content; times and owners do not count. */
export const folderHash = (entries: readonly Entry[]): string => {
  const hash = createHash("sha256");
  for (const entry of entries) {
    const { content, ...rest } = { content: Buffer.alloc(0), ...entry };
    hash.update(`${JSON.stringify([rest, content.length])}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
};

/** The entries as a compressed tar archive. */
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

const entryAt = async (folder: string, path: string, options: ReadOptions): Promise<Entry> => {
  const fullPath = join(folder, path);
  if (path.includes("\uFFFD")) throw options.refused(path, "its name is not UTF-8", "rename it");
  const stats = await lstat(fullPath);
  if (stats.isDirectory()) return { kind: "folder", path };
  if (stats.isSymbolicLink()) return { kind: "link", path, target: await options.readTarget(path) };
  if (!stats.isFile())
    throw options.refused(path, "it is not a file, folder or link", "remove it from the folder");
  // Before it is read: one file of many GB would not fit into memory.
  if (stats.size > options.maximum.bytes) throw options.tooLarge();
  return { kind: "file", path, content: await readFile(fullPath), mode: archivedMode(stats.mode) };
};

/** The mode in the archive. A file system of Windows keeps none, so all files can be run, as with the docker command there. */
export const archivedMode = (mode: number, platform: NodeJS.Platform = process.platform): number =>
  platform === "win32" || (mode & 0o100) !== 0 ? 0o755 : 0o644;
