import { allRehearsalNames } from "../../contracts/rehearsal.js";
import type { Cluster } from "../cluster/cluster.js";
import { UserError } from "../errors.js";
import type { Host } from "../host/host.js";
import { labelFilter, labels, slugOf, volumePrefix } from "../names.js";
import { removeWhenUnused } from "../swarm/retry.js";
import { eraseHomes } from "./erase-homes.js";
import { rehearsalHub } from "./hub.js";

/** What was removed. */
export type Cleared = { homes: number; volumes: number };

/**
 * Removes all that rehearsals have left: servers and users, then volumes on every machine, then homes with their notes and limits, without
 * the trash. Nothing of anybody else is touched, and a second call finds nothing. Throws a UserError if something could not be removed.
 */
export const clearRehearsal = async (cluster: Cluster): Promise<Cleared> => {
  const left = await rehearsalHub(cluster).end();
  if (left.length > 0)
    throw new UserError(`the servers of ${left.slice(0, 5).join(", ")} did not stop in time`, {
      hint: "to try again, type: swarmhub rehearse --clear",
    });
  const homes = allRehearsalNames().map(slugOf);
  const removed = await Promise.all(
    cluster.nodes.map((host) => removeVolumes(cluster, host, homes)),
  );
  const volumes = removed.reduce((sum, count) => sum + count, 0);
  const { storage } = cluster;
  return { volumes, homes: storage === undefined ? 0 : await eraseHomes(storage, homes) };
};

/** A volume of NFS has the name and the address of a home, on each machine where its server ran. */
const removeVolumes = async (
  { config }: Cluster,
  host: Host,
  homes: readonly string[],
): Promise<number> => {
  const { units } = await host.facts();
  if (units["docker.service"] !== "active") return 0;
  const ours = new Set(homes);
  const filters = { label: labelFilter(config.name) };
  const { Volumes: volumes } = await host.docker.listVolumes({ filters });
  const names = (volumes ?? [])
    .filter(
      ({ Name, Labels }) => Name.startsWith(volumePrefix) && ours.has(Labels?.[labels.user] ?? ""),
    )
    .map(({ Name }) => Name);
  await Promise.all(
    names.map((name) => removeWhenUnused(() => host.docker.getVolume(name).remove())),
  );
  return names.length;
};
