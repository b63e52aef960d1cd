import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type EdgeStatus, statusFrom } from "../contracts/edge-status.js";

/** What the last run wrote; undefined if that was nothing, or nothing whole. */
export const readStatus = async (folder: string): Promise<EdgeStatus | undefined> =>
  statusFrom(await readFile(join(folder, "status.json"), "utf8").catch(() => undefined));

/** Writes it, whole or not at all: nobody is kept from anything by a full disk. */
export const writeStatus = async (folder: string, status: EdgeStatus): Promise<void> => {
  const path = join(folder, "status.json");
  const beside = `${path}.new`;
  try {
    await writeFile(beside, `${JSON.stringify(status, null, 2)}\n`, { mode: 0o644 });
    await rename(beside, path);
  } catch {
    await rm(beside, { force: true });
  }
};
