import type { Cluster } from "../../cluster/cluster.js";
import { inspectMachines } from "../../cluster/machines.js";
import { ifExists } from "../../docker/client.js";
import { labels } from "../../names.js";
import type { Step } from "../../reconcile/piece.js";
import { homesServerOf } from "../../swarm/home-mounts.js";
import { classServices } from "../../swarm/list.js";

/** A user's server that mounts its home from an address that the storage host no longer has. */
export type StrandedServer = { id: string; home: string };

/** Inspects them: every access to such a home waits for ever, as NFS is mounted `hard`. */
export const inspectStranded = async (cluster: Cluster): Promise<StrandedServer[]> => {
  const { storage } = cluster;
  if (storage === undefined) return [];
  const [machines, services] = await Promise.all([
    inspectMachines(cluster),
    classServices(cluster),
  ]);
  const { address } = machines(storage);
  return services.flatMap(({ ID, Spec }) => {
    const home = Spec.Labels?.[labels.user];
    const server = homesServerOf(Spec.TaskTemplate?.ContainerSpec);
    return home === undefined || server === undefined || server === address
      ? []
      : [{ id: ID, home }];
  });
};

/** The step that stops them; their users start them again, with their files. */
export const stopStrandedSteps = (
  servers: readonly StrandedServer[],
  { manager }: Cluster,
): Step[] => {
  if (servers.length === 0) return [];
  const homes = servers.map(({ home }) => home).toSorted();
  const title =
    homes.length === 1
      ? "stop the server of one user, as the address of the homes changed"
      : `stop the servers of ${homes.length} users, as the address of the homes changed`;
  const run = () =>
    Promise.all(servers.map(({ id }) => ifExists(manager.docker.getService(id).remove())));
  return [{ host: manager, title, detail: homes.join(", "), run }];
};
