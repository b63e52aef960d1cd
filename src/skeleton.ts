import { createHash } from "node:crypto";
import { lstat, readdir, readFile, readlink, realpath } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { exitCode, UserError } from "./errors.js";
import { formatSize } from "./size.js";

/** The first files of a new home, read from a folder of the operator's. */
export type Skeleton = {
  /** Another one for every other content. */
  hash: string;
  /** The room that a copy takes: whole blocks, and how many files, folders and links. */
  bytes: number;
  files: number;
  entries: readonly Entry[];
};

type Entry = { path: string } & (
  | { kind: "folder" }
  | { kind: "link"; target: string }
  | { kind: "file"; content: Buffer; mode: number }
);

const most = { bytes: 50 * 2 ** 20, files: 5000 };
const block = 4096;

/** Reads the folder; throws a UserError (usage) where it is too large, or holds what cannot be copied into a home. */
export const readSkeleton = async (folder: string): Promise<Skeleton> => {
  const entries: Entry[] = [];
  let size = 0;
  const read = async (path: string): Promise<void> => {
    for (const name of (await readdir(join(folder, path))).toSorted()) {
      const entry = await entryAt(folder, path === "" ? name : `${path}/${name}`);
      entries.push(entry);
      size += entry.kind === "file" ? entry.content.length : 0;
      if (size > most.bytes || entries.length > most.files) throw tooLarge(folder);
      if (entry.kind === "folder") await read(entry.path);
    }
  };
  await read("").catch((error: NodeJS.ErrnoException) => {
    throw error instanceof UserError ? error : unreadable(folder, error);
  });
  return { hash: hashOf(entries), bytes: roomOf(entries), files: entries.length, entries };
};

/** The skeleton as a compressed tar archive. */
export const skeletonTar = ({ entries }: Pick<Skeleton, "entries">): Promise<Buffer> => {
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

const entryAt = async (folder: string, path: string): Promise<Entry> => {
  const full = join(folder, path);
  if (path.includes("\uFFFD")) throw refused(folder, path, "its name is not UTF-8", "rename it");
  const seen = await lstat(full);
  if (seen.isDirectory()) return { kind: "folder", path };
  if (seen.isSymbolicLink())
    return { kind: "link", path, target: await insideTarget(folder, path) };
  if (!seen.isFile())
    throw refused(folder, path, "it is no file, folder or link", "take it out of the folder");
  // Before it is read: one file of many GB would not fit into memory.
  if (seen.size > most.bytes) throw tooLarge(folder);
  const mode = (seen.mode & 0o100) === 0 ? 0o644 : 0o755;
  return { kind: "file", path, content: await readFile(full), mode };
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

const hashOf = (entries: readonly Entry[]): string => {
  const hash = createHash("sha256");
  for (const entry of entries) {
    const { content, ...rest } = { content: Buffer.alloc(0), ...entry };
    hash.update(`${JSON.stringify([rest, content.length])}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
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

const refused = (folder: string, path: string, why: string, cure: string): UserError =>
  wrong(`servers.skeleton: ${join(folder, path)} cannot go into a home: ${why}`, cure);

const unreadable = (folder: string, { code, path, message }: NodeJS.ErrnoException): UserError => {
  if (code === "ENOENT" && path === join(folder, ""))
    return wrong(`servers.skeleton: there is no folder ${folder}`, "make it, or leave the key out");
  if (code === "ENOTDIR") return wrong(`servers.skeleton: ${folder} is no folder`, "name a folder");
  return wrong(`servers.skeleton: ${message}`, "make it readable, or take it out of the folder");
};

const wrong = (message: string, cure: string): UserError =>
  new UserError(message, cure, exitCode.usage);
