import type { Cluster } from "../../cluster.js";
import { UserError } from "../../errors.js";
import { inspectMachines } from "../../machines.js";
import { paths } from "../../paths.js";
import { operatorGiven } from "../../tls/operator.js";
import { statusFrom } from "../../tls/status.js";
import type { Certificates } from "../../tls/trouble.js";

/** A class's certificates as the facts have them, and what is to be said of the operator's own files. */
export const lookAtCertificates = async (
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
    status: statusFrom(facts.files[paths.certificateStatus]),
    now: new Date(),
    warnings: isWrong ? [given.message] : given.warnings,
  };
};
