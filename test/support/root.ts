import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const findRoot = (folder: string): string => {
  if (existsSync(join(folder, "package.json"))) return folder;
  if (dirname(folder) === folder) throw new Error("there is no package.json above this file");
  return findRoot(dirname(folder));
};

/** The path of the checkout. Files in bundles need it, because a bundle is at another place than they are. */
export const root = findRoot(dirname(fileURLToPath(import.meta.url)));
