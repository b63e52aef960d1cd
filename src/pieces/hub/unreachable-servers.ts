import type { Cluster } from "../../cluster/cluster.js";
import { type Config, subdomainHost } from "../../config/types.js";
import { ifExists } from "../../docker/client.js";
import type { Step } from "../../reconcile/piece.js";
import { type UserService, userServices } from "../../swarm/list.js";

/** A user's server, and the URL below which it has a host of its own; undefined where it has none. */
export type AddressedServer = Pick<UserService, "id" | "home" | "subdomainHost">;

/** Inspects the users' servers. */
export const inspectAddressedServers = (cluster: Cluster): Promise<AddressedServer[]> =>
  userServices(cluster);

/**
 * The step that stops servers that began with other hosts than the class has, or without one: the login of such a server leads to where
 * it began (seen in a lab in both directions).
 */
export const stopUnreachableSteps = (
  servers: readonly AddressedServer[],
  want: Config,
  { manager }: Cluster,
): Step[] => {
  const unreachable = servers.filter(({ subdomainHost: host }) => host !== subdomainHost(want));
  if (unreachable.length === 0) return [];
  const homes = unreachable.map(({ home }) => home).toSorted();
  const title =
    homes.length === 1
      ? "stop the server of one user, as its address changes"
      : `stop the servers of ${homes.length} users, as their addresses change`;
  const run = () =>
    // By id: a user may have started a server at the new address meanwhile, under the same name.
    Promise.all(unreachable.map(({ id }) => ifExists(manager.docker.getService(id).remove())));
  return [{ host: manager, title, detail: homes.join(", "), run }];
};
