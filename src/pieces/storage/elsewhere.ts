import type { Cluster } from "../../cluster.js";
import { exitCode, UserError } from "../../errors.js";
import type { Machines } from "../../machines.js";
import { paths } from "../../paths.js";
import { isHomes, type DiskState } from "./disk.js";

/**
 * Throws a UserError (preflight) where the hub has its homes from a server that the configuration names no more: nobody would
 * let go of them there, and everybody would find an empty home.
 */
export const refuseHomesElsewhere = (
  machines: Machines,
  disk: DiskState,
  cluster: Cluster,
): void => {
  const { config, manager, storage, hosts } = cluster;
  if (storage !== undefined && storage !== manager) return;
  const { facts } = machines(manager);
  const address = addressIn(facts.files[paths.hubConfiguration]);
  // A manager that has the homes itself may have another address since, and their disk may have moved to it.
  const isHere = disk.mounted || (disk.device !== undefined && isHomes(disk.device));
  if (address === undefined || isHere || facts.files[paths.exports] !== undefined) return;
  if (hosts.some((host) => machines(host).address === address)) return;
  throw new UserError(
    `the homes of ${config.name} lie on a server of their own, ${address}, and the configuration does not name it any more`,
    `write \`host: …\` below \`storage:\` again, type \`swarmhub down\`, which keeps the homes there, and then change the configuration; where that server is gone for good, \`swarmhub down\` at once`,
    exitCode.preflight,
  );
};

/** The storage's address in the hub's settings, if these are ours and name one. */
const addressIn = (settings: string | undefined): string | undefined =>
  /^ {2}"storage": \{\n {4}"address": "([\d.]+)",$/m.exec(settings ?? "")?.[1];
