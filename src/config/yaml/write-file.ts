import { open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { UserError, exitCode } from "../../errors.js";
import { readText } from "./read-file.js";

/**
 * Writes a file anew, beside its place and then renamed, with the mode that it has; a link stays one. Answers whether
 * that changed it. Throws a UserError (usage) where it cannot be read or written; then it is as it was.
 */
export const rewriteFile = async (
  path: string,
  edit: (text: string) => string,
): Promise<boolean> => {
  const text = await readText(path);
  const edited = edit(text);
  if (edited === text) return false;
  // TextDecoder leaves a byte order mark out, and it would be missing from the file.
  const bytes = await readFile(path);
  const mark = bytes.subarray(0, 3).equals(Buffer.from("\uFEFF")) ? "\uFEFF" : "";
  try {
    await replace(await realpath(path), mark + edited);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new UserError(`${path} cannot be written: ${why}`, {
      hint: "look at the owner and mode of the file and its folder, and at the room on the disk",
      code: exitCode.usage,
    });
  }
  return true;
};

const replace = async (place: string, text: string): Promise<void> => {
  const { mode } = await stat(place);
  const beside = `${place}.swarmhub-${process.pid}`;
  try {
    const file = await open(beside, "wx", mode);
    try {
      await file.chmod(mode);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, place);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
};
