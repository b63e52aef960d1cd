import type { Cluster } from "../../cluster/cluster.js";
import { inspectMachines } from "../../cluster/machines.js";
import { ifExists } from "../../docker/client.js";
import type { Host } from "../../host/host.js";
import { labelFilter } from "../../names.js";
import type { Step } from "../../reconcile/piece.js";
import { plural } from "../../text/format.js";
import { serverIn } from "../../swarm/home-mounts.js";

/** Our volumes on a machine that nothing uses and that mount homes from an address that the storage host no longer has. */
export type FormerMounts = { host: Host; names: string[] };

/** Finds them on each machine; a volume keeps the address that it was made with (docker/cli#1279). */
export const inspectFormerMounts = async (cluster: Cluster): Promise<FormerMounts[]> => {
  const { config, nodes, storage } = cluster;
  if (storage === undefined) return [];
  const machines = await inspectMachines(cluster);
  const { address } = machines(storage);
  const found = await Promise.all(
    nodes.map(async (host) => {
      if (machines(host).facts.units["docker.service"] !== "active") return { host, names: [] };
      const filters = { label: labelFilter(config.name), dangling: ["true"] };
      const { Volumes: volumes } = await host.docker.listVolumes({ filters });
      const former = (volumes ?? []).filter(({ Options: options }) => {
        const server = serverIn(options);
        return server !== undefined && server !== address;
      });
      return { host, names: former.map(({ Name }) => Name).toSorted() };
    }),
  );
  return found.filter(({ names }) => names.length > 0);
};

/** The steps that remove them; the homes stay, because a volume only mounts one. */
export const formerMountsSteps = (found: readonly FormerMounts[]): Step[] =>
  found.map(({ host, names }) => ({
    host,
    title: `remove ${plural(names.length, "mount")} of homes at a former address`,
    run: async () => {
      for (const name of names) await ifExists(host.docker.getVolume(name).remove());
    },
  }));
