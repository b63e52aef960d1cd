import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PassThrough, Readable, type Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { UserError } from "../../errors.js";

/** What comes out of the archive: the text of `result.json`. */
export type Unpacking = { into: Writable; done: Promise<string> };

type Limits = { homes: ReadonlySet<string>; bytes: number };

const maximumFiles = 2000;
const maximumResult = 16 * 2 ** 20;

/**
 * Writes the files HOME/PATH of an archive into a new folder, each with mode 0600. `bytes` is the limit for each home. The names
 * were chosen by students, and the hub has checked them; they are checked again, since this machine is the operator's own.
 */
export const unpack = (folder: string, limits: Limits): Unpacking => {
  const into = new PassThrough();
  const done = readAll(into, folder, limits);
  // A failure while the archive still comes is awaited later.
  done.catch((error: Error) => into.destroy(error));
  return { into, done };
};

const readAll = async (
  stream: Readable,
  folder: string,
  { homes, bytes }: Limits,
): Promise<string> => {
  const archive = extract();
  stream.on("error", (error) => archive.destroy(error));
  // Its types are not those of Node's streams, but it works like one.
  stream.pipe(archive as unknown as Writable);
  const used = new Map<string, { bytes: number; files: number }>();
  let result: string | undefined;
  for await (const entry of archive) {
    const { name, size = 0, type } = entry.header;
    if (name === "result.json" && size <= maximumResult) {
      result = (await buffer(entry)).toString("utf8");
      continue;
    }
    const [home = "", ...path] = name.split("/");
    const sum = used.get(home) ?? { bytes: 0, files: 0 };
    used.set(home, { bytes: sum.bytes + size, files: sum.files + 1 });
    const isWithin = sum.bytes + size <= bytes && sum.files < maximumFiles;
    if (
      type !== "file" ||
      !homes.has(home) ||
      !path.every(isPlain) ||
      path.length === 0 ||
      !isWithin
    )
      throw new UserError("the hub sent an archive that is not as expected", {
        hint: "to see what the hub reports, type: swarmhub logs hub",
      });
    await writeNew(join(folder, home, ...path), Readable.from(entry));
  }
  if (result === undefined)
    throw new UserError("the connection ended before everything was collected", {
      hint: "type the same command again",
    });
  return result;
};

/** One part of a path that is only a name on every system. */
const isPlain = (part: string): boolean =>
  part !== "" && !part.startsWith(".") && !/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\\:]/u.test(part);

const writeNew = async (path: string, content: Readable): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await pipeline(content, createWriteStream(path, { flags: "wx", mode: 0o600 }));
};
