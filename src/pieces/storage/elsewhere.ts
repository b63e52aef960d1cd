import type { Cluster } from "../../cluster.js";
import { exitCode, UserError } from "../../errors.js";
import type { Machines } from "../../machines.js";
import { paths } from "../../paths.js";

/**
 * Throws a UserError (preflight) where the hub has its homes from a server that the configuration names no more: nobody would
 * let go of them there, and everybody would find an empty home.
 */
export const refuseHomesElsewhere = (machines: Machines, cluster: Cluster): void => {
  const { config, manager, storage, hosts } = cluster;
  if (storage !== undefined && storage !== manager) return;
  const { facts } = machines(manager);
  const address = addressIn(facts.files[paths.hubConfiguration]);
  // A manager that exports the homes itself may have another address since.
  if (address === undefined || facts.files[paths.exports] !== undefined) return;
  if (hosts.some((host) => machines(host).address === address)) return;
  throw new UserError(
    `the homes of ${config.name} lie on a server of their own, ${address}, and the configuration does not name it any more`,
    `write its \`host: …\` below \`storage:\` again and type \`swarmhub down\`, which keeps the homes there; then change the configuration and type \`swarmhub up\``,
    exitCode.preflight,
  );
};

/** The storage's address in the hub's settings, if these are ours and name one. */
const addressIn = (settings: string | undefined): string | undefined =>
  /^ {2}"storage": \{\n {4}"address": "([\d.]+)",$/m.exec(settings ?? "")?.[1];
