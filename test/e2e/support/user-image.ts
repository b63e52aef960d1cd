import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Lab } from "./lab.js";

const folder = new URL("../../../../scripts/lab.d/user-images", import.meta.url).pathname;

/** Builds an image with a trait (a stage of scripts/lab.d/user-images) for the registry of the lab, and returns its name. */
export const buildUserImage = async (lab: Lab, trait: "healthcheck"): Promise<string> => {
  const dockerfile = await readFile(join(folder, "templates/Dockerfile"));
  const hash = createHash("sha256").update(dockerfile).digest("hex").slice(0, 12);
  const image = `swarmhub/${trait}:${hash}`;
  await lab.lab("images", folder, `${trait}=${image}`);
  return image;
};
