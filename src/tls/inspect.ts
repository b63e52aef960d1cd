import { readFile } from "node:fs/promises";
import type { Cluster } from "../cluster/cluster.js";
import { inspectMachines } from "../cluster/machines.js";
import { publicName } from "../cluster/public-address.js";
import { type Config, namesOf } from "../config/types.js";
import { UserError } from "../errors.js";
import { paths } from "../paths.js";
import type { Certificates } from "./diagnosis.js";
import { type Given, readGiven } from "./given-files.js";
import { certificateStatusFrom } from "./status.js";

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

/** A class's certificates as the facts have them, and what is to be said of the operator's own files. */
export const inspectCertificates = async (
  cluster: Cluster,
): Promise<Certificates & { warnings: string[] }> => {
  const { config, manager } = cluster;
  const machines = await inspectMachines(cluster);
  const { facts, address } = machines(manager);
  const given = await operatorGiven(config, address);
  const isWrong = given instanceof UserError;
  return {
    config,
    given: isWrong ? {} : given,
    status: certificateStatusFrom(facts.files[paths.certificateStatus]),
    now: new Date(),
    warnings: isWrong ? [given.message] : given.warnings,
  };
};
