import { open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { UserError, exitCode } from "../../errors.js";
import { readText } from "./read-file.js";

/**
 * Edits a file: writes a new one beside it with the same mode, then renames it; a symbolic link stays one. Returns whether the
 * text changed. Throws a UserError (usage) if it cannot be read or written, and then leaves the file as it was.
 */
export const rewriteFile = async (
  path: string,
  edit: (text: string) => string,
): Promise<boolean> => {
  const text = await readText(path);
  const edited = edit(text);
  if (edited === text) return false;
  // TextDecoder drops a byte order mark, which the file must keep.
  const bytes = await readFile(path);
  const mark = bytes.subarray(0, 3).equals(Buffer.from("\uFEFF")) ? "\uFEFF" : "";
  await replaceFile(path, mark + edited);
  return true;
};

/** Replaces a file that exists in the same way. */
export const replaceFile = async (path: string, content: string | Uint8Array): Promise<void> => {
  try {
    await replace(await realpath(path), content);
  } catch (error) {
    const problem = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new UserError(`${path} cannot be written: ${problem}`, {
      hint: "check the owner and mode of the file and its folder, and the space on the disk",
      code: exitCode.usage,
    });
  }
};

const replace = async (path: string, content: string | Uint8Array): Promise<void> => {
  const { mode } = await stat(path);
  const temporary = `${path}.swarmhub-${process.pid}`;
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.chmod(mode);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
};
