import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../../support/root.js";

/** The folder for what a run leaves to look at, mostly screenshots; git ignores it. */
export const artefacts = join(root, "test/e2e/artefacts");

/** An empty folder for the screenshots of one test in it. */
export const artefactFolder = async (name: string): Promise<string> => {
  const folder = join(artefacts, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return folder;
};
