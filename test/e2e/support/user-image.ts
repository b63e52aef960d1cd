import { createHash } from "node:crypto";
import { cp, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Lab } from "./lab.js";

const folder = new URL("../../../../scripts/lab.d/user-images", import.meta.url).pathname;

/** The stages of the Dockerfile there. */
type Trait = "healthcheck" | "stacks" | "rstudio" | "rooted" | "kernels" | "uid1001" | "old";

/** Builds images, each with a trait (a stage of scripts/lab.d/user-images), for the registry of the lab; returns their names. */
export const buildUserImages = async <T extends Trait>(
  lab: Lab,
  traits: readonly T[],
): Promise<Record<T, string>> => {
  const hash = createHash("sha256");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  for (const path of files.map((file) => join(file.parentPath, file.name)).toSorted())
    hash.update(await readFile(path));
  const tag = hash.digest("hex").slice(0, 12);
  const named = traits.map((trait) => [trait, `swarmhub/${trait}:${tag}`] as const);
  await lab.lab("images", folder, ...named.map((pair) => pair.join("=")));
  return Object.fromEntries(named) as Record<T, string>;
};

/** Writes the folder of the image `buildkit`, which a class builds itself, on the image `stacks`. */
export const buildKitFolder = async (to: string, stacks: string): Promise<void> => {
  await cp(join(folder, "buildkit"), to, { recursive: true });
  const file = join(to, "Dockerfile");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace(/^FROM stacks$/m, `FROM ${stacks}`));
};
