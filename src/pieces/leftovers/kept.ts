import type { Cluster } from "../../cluster.js";
import type { Step } from "../../step.js";
import { inspectServers, removeServersSteps, type Servers } from "../hub/servers.js";
import { quota } from "../quota.js";
import { storage } from "../storage.js";

type StateOf<Part extends { inspect: (cluster: Cluster) => Promise<unknown> }> = Awaited<
  ReturnType<Part["inspect"]>
>;

/** What a class with kept homes has on its manager; undefined where that is wanted. */
export type Kept =
  | { servers: Servers; storage: StateOf<typeof storage>; quota: StateOf<typeof quota> }
  | undefined;

/** Looks for it where the configuration now says that homes are temporary. */
export const inspectKept = async (cluster: Cluster): Promise<Kept> => {
  if (cluster.storage !== undefined) return undefined;
  const [servers, disk, watcher] = await Promise.all([
    inspectServers(cluster),
    storage.inspect(cluster),
    quota.inspect(cluster),
  ]);
  return { servers, storage: disk, quota: watcher };
};

/** The steps that let go of the homes, which stay on their disk; the servers that still use them stop first. */
export const keptSteps = (kept: Kept, cluster: Cluster): Step[] => {
  if (kept === undefined) return [];
  const steps = [...quota.remove(kept.quota, cluster), ...storage.remove(kept.storage, cluster)];
  return steps.length === 0 ? [] : [...removeServersSteps(users(kept.servers), cluster), ...steps];
};

// Not the hub's own mount: its earlier containers, which Swarm keeps for a while, hold on to that.
const users = ({ services, volumes }: Servers): Servers => ({
  services,
  volumes: new Map(
    [...volumes].map(([host, names]) => [
      host,
      names.filter((name) => name.startsWith("swarmhub-home-")),
    ]),
  ),
});
