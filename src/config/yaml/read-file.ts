import { isUtf8 } from "node:buffer";
import { open } from "node:fs/promises";
import { UserError, exitCode } from "../../errors.js";
import { type Complaint, complaintsError } from "./complaints.js";

const maximum = 1024 * 1024;

/** The text of a file of UTF-8 and at most 1 MB. Throws a UserError (usage). */
export const readText = async (path: string): Promise<string> => {
  const bytes = await readBytes(path);
  if (bytes.length > maximum)
    throw complaintsError(path, [
      {
        line: 1,
        column: 1,
        text: "the file is larger than 1 MB, but a class needs a few lines; is it the right file?",
      },
    ]);
  if (!isUtf8(bytes)) throw complaintsError(path, [notUtf8(bytes)]);
  return new TextDecoder().decode(bytes);
};

const readBytes = async (path: string): Promise<Buffer> => {
  try {
    const handle = await open(path, "r");
    try {
      return await readUpTo(maximum + 1, handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unreadable(path, (error as NodeJS.ErrnoException).code ?? String(error));
  }
};

/** At most so many bytes of a file: one more than the maximum is enough to refuse it, and a device or a pipe may have no end. */
export const readUpTo = async (
  length: number,
  handle: Awaited<ReturnType<typeof open>>,
): Promise<Buffer> => {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, null);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
};

const unreadable = (path: string, code: string): UserError => {
  if (code === "ENOENT")
    return new UserError(`${path}: no such file`, {
      hint: "type `swarmhub init` to write one",
      code: exitCode.usage,
    });
  const problems: Record<string, string> = {
    EISDIR: "it is a folder; name the file in it",
    EACCES: "permission denied; check its owner and mode",
  };
  return new UserError(`${path} cannot be read: ${problems[code] ?? code}`, {
    code: exitCode.usage,
  });
};

const notUtf8 = (bytes: Buffer): Complaint => {
  let line = 1;
  let from = 0;
  for (;;) {
    const end = bytes.indexOf(0x0a, from);
    const text = bytes.subarray(from, end < 0 ? bytes.length : end);
    if (!isUtf8(text) || end < 0) {
      const column = text.toString("utf8").indexOf("\uFFFD") + 1;
      const message = "this is not UTF-8, the encoding of YAML; save the file as UTF-8";
      return { line, column: Math.max(1, column), text: message };
    }
    line += 1;
    from = end + 1;
  }
};
