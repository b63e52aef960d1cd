import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type EdgeStatus, statusFrom } from "../contracts/edge-status.js";

/** The status that the last run wrote; undefined where the file is missing or invalid. */
export const readStatus = async (folder: string): Promise<EdgeStatus | undefined> =>
  statusFrom(await readFile(join(folder, "status.json"), "utf8").catch(() => undefined));

/** Writes the status, completely or not at all. Never throws: a full disk must not stop the edge. */
export const writeStatus = async (folder: string, status: EdgeStatus): Promise<void> => {
  const path = join(folder, "status.json");
  const temporary = `${path}.new`;
  try {
    await writeFile(temporary, `${JSON.stringify(status, null, 2)}\n`, { mode: 0o644 });
    await rename(temporary, path);
  } catch {
    await rm(temporary, { force: true });
  }
};
