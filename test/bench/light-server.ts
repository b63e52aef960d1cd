import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Lab } from "../e2e/support/lab.js";

/** Builds a light stand-in for users' servers, for the lab's registry; its name says what it is made of. */
export const standInImage = async (lab: Lab): Promise<string> => {
  const folder = new URL("../../../scripts/bench.d/light-server", import.meta.url).pathname;
  const hash = createHash("sha256");
  for (const path of ["jupyterhub-singleuser", "templates/Dockerfile"])
    hash.update(await readFile(join(folder, path)));
  const image = `swarmhub/standin:${hash.digest("hex").slice(0, 12)}`;
  await lab.lab("images", folder, `standin=${image}`);
  return image;
};
