import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Lab } from "./lab.js";

const folder = new URL("../../../../scripts/lab.d/user-images", import.meta.url).pathname;

/** The stages of the Dockerfile there. */
type Trait = "healthcheck" | "stacks" | "rstudio" | "rooted";

/** Builds an image with a trait (a stage of scripts/lab.d/user-images) for the registry of the lab, and returns its name. */
export const buildUserImage = async (lab: Lab, trait: Trait): Promise<string> => {
  const hash = createHash("sha256");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  for (const path of files.map((file) => join(file.parentPath, file.name)).toSorted())
    hash.update(await readFile(path));
  const image = `swarmhub/${trait}:${hash.digest("hex").slice(0, 12)}`;
  await lab.lab("images", folder, `${trait}=${image}`);
  return image;
};
