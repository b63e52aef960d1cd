import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/**
 * Where a file or folder is that belongs to swarmhub, named as in the repository: `templates/init.yaml.hbs`, `hub`.
 * The bundle has them in `assets` beside itself; a checkout has them at its root. Throws when there is neither.
 */
export const assetPath = (name: string, from: string = here): string => {
  const bundled = join(from, "assets", name);
  if (existsSync(bundled)) return bundled;
  const root = packageRoot(from);
  const path = root === undefined ? bundled : join(root, name);
  if (!existsSync(path))
    throw new Error(`swarmhub is not whole: ${name} is neither at ${bundled} nor at ${path}`);
  return path;
};

/** The text of such a file. */
export const readAsset = (name: string): string => readFileSync(assetPath(name), "utf8");

const packageRoot = (folder: string): string | undefined => {
  if (existsSync(join(folder, "package.json"))) return folder;
  const parent = dirname(folder);
  return parent === folder ? undefined : packageRoot(parent);
};
