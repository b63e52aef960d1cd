import type { Cluster } from "../../cluster/cluster.js";
import { ifExists } from "../../docker/client.js";
import type { Host } from "../../host/host.js";
import type { Step } from "../../reconcile/piece.js";
import { userServices } from "../../swarm/list.js";
import { removeWhenUnused } from "../../swarm/retry.js";
import { waitUntilGone } from "../../swarm/tasks.js";

/** The users' servers, and the volumes on each machine that mount homes. */
export type Servers = { services: string[]; volumes: Map<Host, string[]> };

/** Inspects users' servers in the Swarm, and our volumes on every machine. */
export const inspectServers = async (cluster: Cluster): Promise<Servers> => {
  const { config, nodes } = cluster;
  const [services, volumes] = await Promise.all([
    userServices(cluster),
    Promise.all(nodes.map(async (host) => [host, await volumesOn(host, config.name)] as const)),
  ]);
  return { services: services.map(({ home }) => `nb-${home}`), volumes: new Map(volumes) };
};

const volumesOn = async (host: Host, className: string): Promise<string[]> => {
  const { units } = await host.facts();
  if (units["docker.service"] !== "active") return [];
  const filters = { label: [`swarmhub.class=${className}`] };
  const { Volumes: list } = await host.docker.listVolumes({ filters });
  return (list ?? []).map(({ Name }) => Name);
};

/** Stops every user's server, then removes the volumes; the homes stay, because a volume only mounts one. */
export const removeServersSteps = ({ services, volumes }: Servers, cluster: Cluster): Step[] => {
  const { config, manager, nodes } = cluster;
  const stop: Step[] =
    services.length === 0
      ? []
      : [
          {
            host: manager,
            title: `stop ${services.length === 1 ? "the server of one user" : `the servers of ${services.length} users`}`,
            run: async () => {
              await Promise.all(
                services.map((name) => ifExists(manager.docker.getService(name).remove())),
              );
              await Promise.all(nodes.map((host) => waitUntilGone(host, "swarmhub.user")));
            },
          },
        ];
  const unmount = [...volumes]
    .filter(([, names]) => names.length > 0)
    .map(([host, names]) => ({
      host,
      title: "remove the mounts of homes",
      after: stop,
      run: async () => {
        await removeStrayContainers(host, config.name);
        for (const name of names)
          await removeWhenUnused(() => host.docker.getVolume(name).remove());
      },
    }));
  return [...stop, ...unmount];
};

/** Removes users' containers without a service, for example on a worker that was unreachable when its Swarm ended. */
const removeStrayContainers = async ({ docker }: Host, className: string): Promise<void> => {
  const label = [`swarmhub.class=${className}`, "swarmhub.user"];
  for (const { Id } of await docker.listContainers({ all: true, filters: { label } }))
    await ifExists(docker.getContainer(Id).remove({ force: true }));
};
