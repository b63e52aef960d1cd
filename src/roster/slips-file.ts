import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../errors.js";

const mostFiles = 1000;

/**
 * Writes slips into a new file `slips-NAME.html` of the folder, or `slips-NAME-2.html` and so on, since the passwords of an
 * earlier file may not be printed yet. Mode 0600. Returns its path.
 */
export const writeSlips = async (
  folder: string,
  className: string,
  page: string,
): Promise<string> => {
  for (let number = 1; number <= mostFiles; number += 1) {
    const path = join(folder, `slips-${className}${number === 1 ? "" : `-${number}`}.html`);
    const file = await open(path, "wx", 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return undefined;
      throw unwritable(path, error);
    });
    if (file === undefined) continue;
    try {
      await file.writeFile(page);
      await file.sync();
      return path;
    } catch (error) {
      await rm(path, { force: true });
      throw unwritable(path, error as NodeJS.ErrnoException);
    } finally {
      await file.close();
    }
  }
  throw new UserError(`${folder} has ${mostFiles} files of slips`, {
    hint: "delete those that are printed, then repeat the command",
  });
};

/** Removes a file of slips whose passwords are not in force. */
export const removeSlips = (path: string): Promise<void> => rm(path, { force: true });

const unwritable = (path: string, { code, message }: NodeJS.ErrnoException): UserError =>
  new UserError(`the slips cannot be written to ${path}: ${code ?? message}`, {
    hint: "nothing was changed; make the folder of swarmhub.yaml writable, then repeat the command",
  });
