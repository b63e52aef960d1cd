import type { Cluster } from "../../cluster/cluster.js";
import { type Config, subdomainHost } from "../../config/types.js";
import { ifExists } from "../../docker/client.js";
import type { Step } from "../../reconcile/piece.js";
import { type UserService, userServices } from "../../swarm/list.js";

/** A server that has a host below an URL of the class. */
export type HostedServer = Pick<UserService, "id" | "home" | "subdomainHost">;

/** Inspects the users' servers that have hosts of their own. */
export const inspectHostedServers = async (cluster: Cluster): Promise<HostedServer[]> =>
  (await userServices(cluster)).filter(({ subdomainHost: host }) => host !== undefined);

/**
 * The step that stops servers at hosts that the class no longer has: the login of such a server leads there. A server that began
 * without a host works with one, too, since the edge redirects all but servers from users' hosts to the domain.
 */
export const stopUnreachableSteps = (
  servers: readonly HostedServer[],
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
