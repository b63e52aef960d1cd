import { readFile } from "node:fs/promises";
import type { Cluster } from "../cluster/cluster.js";
import { inspectMachines } from "../cluster/machines.js";
import { publicName } from "../cluster/public-address.js";
import { type Config, namesOf } from "../config/types.js";
import { UserError } from "../errors.js";
import { paths } from "../paths.js";
import type { Certificates } from "./diagnosis.js";
import { type GivenFiles, readGivenFiles } from "./given-files.js";
import { certificateStatusFrom } from "./status.js";

/**
 * The operator's files for the edge of a class, or the error in them; `address` is the manager's. The error is returned, not thrown:
 * an expired certificate stops only a command that needs it, not `down`.
 */
export const inspectGivenFiles = async (
  config: Config,
  address: string,
): Promise<GivenFiles | UserError> => {
  const names = namesOf(config);
  const browserNames = names.length === 0 ? [publicName(config, address)] : names;
  try {
    return await readGivenFiles(config.tls, browserNames, operator);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
};

const operator = {
  env: process.env,
  readFile: (path: string) => readFile(path, "utf8"),
  now: () => new Date(),
};

/** The certificates of a class according to the facts, and warnings about the operator's own files. */
export const inspectCertificates = async (
  cluster: Cluster,
): Promise<Certificates & { warnings: string[] }> => {
  const { config, manager } = cluster;
  const machines = await inspectMachines(cluster);
  const { facts, address } = machines(manager);
  const givenFiles = await inspectGivenFiles(config, address);
  const isInvalid = givenFiles instanceof UserError;
  return {
    config,
    givenFiles: isInvalid ? {} : givenFiles,
    status: certificateStatusFrom(facts.files[paths.certificateStatus]),
    now: new Date(),
    warnings: isInvalid ? [givenFiles.message] : givenFiles.warnings,
  };
};
