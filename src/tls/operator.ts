import { readFile } from "node:fs/promises";
import { namesOf, type Config } from "../config.js";
import { UserError } from "../errors.js";
import { publicName } from "../public-name.js";
import { readGiven, type Given } from "./given.js";

/**
 * What this machine has for the edge of a class, or why it cannot be that; `address` is the manager's. Refused only by who
 * wants to give it: a certificate that ended stands in nobody's way who takes the class down.
 */
export const operatorGiven = async (
  config: Config,
  address: string,
): Promise<Given | UserError> => {
  const names = namesOf(config);
  const browsed = names.length === 0 ? [publicName(config.manager, address)] : names;
  try {
    return await readGiven(config.tls, browsed, world);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
};

const world = {
  env: process.env,
  readFile: (path: string) => readFile(path, "utf8"),
  now: () => new Date(),
};
