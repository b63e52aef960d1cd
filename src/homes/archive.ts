import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { access, link, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Writable } from "node:stream";
import { CommandError, UserError, exitCode } from "../errors.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";

/** An archive that is there, and what tar complained of; its size in bytes. */
export type Archive = { path: string; bytes: number; complaint: string | undefined };

/**
 * Writes a home as FOLDER/HOME.tar.gz on this machine (0600): streamed, beside its place first, and never over a file that
 * is there. `onBytes` hears how far it is. Throws a UserError; then no part of it stays behind.
 */
export const archiveHome = async (
  storage: Host,
  home: string,
  path: string,
  { signal, onBytes }: { signal: AbortSignal; onBytes: (bytes: number) => void },
): Promise<Archive> => {
  await refuseExisting(path);
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}`);
  const into = createWriteStream(draft, { flags: "wx", mode: 0o600 });
  const stop = (): void => void into.destroy(interrupted(path));
  const closed = once(into, "close");
  closed.catch(() => {});
  into.on("error", () => {});
  into.on("drain", () => onBytes(into.bytesWritten));
  signal.addEventListener("abort", stop, { once: true });
  try {
    await once(into, "open");
    if (signal.aborted) stop();
    const complaint = await stream(storage, home, into);
    into.end();
    await closed;
    await settle(draft);
    await place(draft, path);
    return { path, bytes: into.bytesWritten, complaint };
  } catch (error) {
    throw into.errored === error ? unwritable(path, error) : error;
  } finally {
    signal.removeEventListener("abort", stop);
    into.destroy();
    await unlink(draft).catch(() => {});
  }
};

/** What is renamed before it is on the disk may be empty after a power cut. */
const settle = async (path: string): Promise<void> => {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
};

/** Throws a UserError where a file of that name is there already. */
export const refuseExisting = async (path: string): Promise<void> => {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) throw existing(path);
};

/** Runs tar over there; answers what it complained of where the archive is whole all the same. */
const stream = async (storage: Host, home: string, into: Writable): Promise<string | undefined> => {
  // Sparse: a file may claim a petabyte and hold nothing. Nice: the class goes on.
  const tar = `nice -n 10 tar --create --gzip --sparse --one-file-system --directory ${paths.storage}/homes ${home}`;
  try {
    await storage.run(["sh", "-c", `LC_ALL=C ${tar}`], { into });
    return undefined;
  } catch (error) {
    // 1: something changed while it was read, as in the home of a running server.
    if (!(error instanceof CommandError) || error.output.code !== 1) throw error;
    return error.output.stderr.trim().split("\n")[0];
  }
};

/** Into its place, unless something is there by now; a file system without links has only the look before. */
const place = async (draft: string, path: string): Promise<void> => {
  try {
    await link(draft, path);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw existing(path);
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(code)) throw unwritable(path, error);
    await refuseExisting(path);
    await rename(draft, path);
  }
};

const existing = (path: string): UserError =>
  new UserError(`${path} is there already, and nothing is overwritten`, {
    hint: `name another folder with --to, or move it away: mv ${path} ${path}.old`,
    code: exitCode.usage,
  });

const interrupted = (path: string): UserError =>
  new UserError(`stopped: ${path} was not written`, { code: exitCode.interrupted });

const unwritable = (path: string, error: unknown): Error => {
  if (error instanceof UserError) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  const words: Record<string, string> = {
    ENOENT: "its folder does not exist",
    ENOTDIR: "its folder is no folder",
    ENOSPC: "this machine's disk is full",
    EACCES: "you may not write there",
  };
  return new UserError(`${path} cannot be written: ${words[code] ?? message}`, {
    hint: "name another folder with --to",
  });
};
