import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const codeFolder = dirname(fileURLToPath(import.meta.url));

/**
 * The path of a file or folder that comes with swarmhub, by its name in the repository: `templates/init.yaml.hbs`, `hub`.
 * The bundle has them in `assets` beside itself, a checkout at its root. Throws if it is in neither.
 */
export const assetPath = (name: string, from: string = codeFolder): string => {
  const bundled = join(from, "assets", name);
  if (existsSync(bundled)) return bundled;
  const root = packageRoot(from);
  const path = root === undefined ? bundled : join(root, name);
  if (!existsSync(path))
    throw new Error(`incomplete installation: ${name} is neither at ${bundled} nor at ${path}`);
  return path;
};

/** The text of a file that comes with swarmhub. */
export const readAsset = (name: string): string => readFileSync(assetPath(name), "utf8");

const packageRoot = (folder: string): string | undefined => {
  if (existsSync(join(folder, "package.json"))) return folder;
  const parent = dirname(folder);
  return parent === folder ? undefined : packageRoot(parent);
};
