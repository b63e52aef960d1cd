import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { access, link, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Writable } from "node:stream";
import { CommandError, UserError, exitCode } from "../errors.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";

/** An archive on this machine, its size in bytes, and the warning that tar printed. */
export type Archive = { path: string; bytes: number; warning: string | undefined };

/**
 * Streams a home into FOLDER/HOME.tar.gz on this machine (0600), as a whole or not at all, and never over an existing file.
 * `onBytes` is called with the progress. Throws a UserError; then no part of the archive is left.
 */
export const archiveHome = async (
  storage: Host,
  home: string,
  path: string,
  { signal, onBytes }: { signal: AbortSignal; onBytes: (bytes: number) => void },
): Promise<Archive> => {
  await refuseExisting(path);
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}`);
  const into = createWriteStream(temporary, { flags: "wx", mode: 0o600 });
  const stop = (): void => void into.destroy(interrupted(path));
  const closed = once(into, "close");
  closed.catch(() => {});
  into.on("error", () => {});
  into.on("drain", () => onBytes(into.bytesWritten));
  signal.addEventListener("abort", stop, { once: true });
  try {
    await once(into, "open");
    if (signal.aborted) stop();
    const warning = await stream(storage, home, into);
    into.end();
    await closed;
    await flush(temporary);
    await moveIntoPlace(temporary, path);
    return { path, bytes: into.bytesWritten, warning };
  } catch (error) {
    throw into.errored === error ? unwritable(path, error) : error;
  } finally {
    signal.removeEventListener("abort", stop);
    into.destroy();
    await unlink(temporary).catch(() => {});
  }
};

/** A file that is renamed before it is on the disk may be empty after a power cut. */
const flush = async (path: string): Promise<void> => {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
};

/** Throws a UserError where the file exists. */
export const refuseExisting = async (path: string): Promise<void> => {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists) throw alreadyExists(path);
};

/** Runs tar on the storage host; returns its warning where the archive is complete all the same. */
const stream = async (storage: Host, home: string, into: Writable): Promise<string | undefined> => {
  // Sparse: a file can have the size of a petabyte and no content. Nice: the class keeps working.
  const tar = `nice -n 10 tar --create --gzip --sparse --one-file-system --directory ${paths.storage}/homes ${home}`;
  try {
    await storage.run(["sh", "-c", `LC_ALL=C ${tar}`], { into });
    return undefined;
  } catch (error) {
    // 1: a file changed while it was read, for example in the home of a running server.
    if (!(error instanceof CommandError) || error.output.code !== 1) throw error;
    return error.output.stderr.trim().split("\n")[0];
  }
};

/** Never replaces a file that appeared meanwhile; on a file system without links there is only a check before. */
const moveIntoPlace = async (temporary: string, path: string): Promise<void> => {
  try {
    await link(temporary, path);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw alreadyExists(path);
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(code)) throw unwritable(path, error);
    await refuseExisting(path);
    await rename(temporary, path);
  }
};

const alreadyExists = (path: string): UserError =>
  new UserError(`${path} already exists, and archives never overwrite a file`, {
    hint: `name another folder with --to, or move the file: mv ${path} ${path}.old`,
    code: exitCode.usage,
  });

const interrupted = (path: string): UserError =>
  new UserError(`stopped: ${path} was not written`, { code: exitCode.interrupted });

const unwritable = (path: string, error: unknown): Error => {
  if (error instanceof UserError) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    ENOENT: "its folder does not exist",
    ENOTDIR: "its folder is not a folder",
    ENOSPC: "this machine's disk is full",
    EACCES: "permission denied",
  };
  return new UserError(`${path} cannot be written: ${reasons[code] ?? message}`, {
    hint: "name another folder with --to",
  });
};
