import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Lab } from "../e2e/support/lab.js";
import { root } from "../support/root.js";

/** Builds the image of a light server in place of JupyterLab and adds it to the registry of the lab; its tag is a hash of its sources. */
export const buildLightServer = async (lab: Lab): Promise<string> => {
  const folder = join(root, "scripts/bench.d/light-server");
  const hash = createHash("sha256");
  for (const path of ["jupyterhub-singleuser", "templates/Dockerfile"])
    hash.update(await readFile(join(folder, path)));
  const image = `swarmhub/standin:${hash.digest("hex").slice(0, 12)}`;
  await lab.lab("images", folder, `standin=${image}`);
  return image;
};
