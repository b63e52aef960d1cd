import type { Cluster } from "../../cluster/cluster.js";
import { ifExists } from "../../docker/client.js";
import type { Host } from "../../host/host.js";
import { isFormerUserService, isFormerVolume, labelFilter, labels } from "../../names.js";
import type { Step } from "../../reconcile/piece.js";
import { userServices } from "../../swarm/list.js";
import { removeWhenUnused } from "../../swarm/retry.js";
import { waitUntilGone } from "../../swarm/tasks.js";

/** The services of the users' servers, and the volumes on each machine that mount homes; both by name. */
export type Servers = { services: string[]; volumes: Map<Host, string[]> };

/** Inspects users' servers in the Swarm, and our volumes on every machine. */
export const inspectServers = async (cluster: Cluster): Promise<Servers> => {
  const { config, nodes } = cluster;
  const [services, volumes] = await Promise.all([
    userServices(cluster),
    Promise.all(nodes.map(async (host) => [host, await volumesOn(host, config.name)] as const)),
  ]);
  return { services: services.map(({ name }) => name), volumes: new Map(volumes) };
};

const volumesOn = async (host: Host, className: string): Promise<string[]> => {
  const { units } = await host.facts();
  if (units["docker.service"] !== "active") return [];
  const filters = { label: labelFilter(className) };
  const { Volumes: list } = await host.docker.listVolumes({ filters });
  return (list ?? []).map(({ Name }) => Name);
};

/** Stops every user's server, then removes the volumes; the homes stay, because a volume only mounts one. */
export const removeServersSteps = ({ services, volumes }: Servers, cluster: Cluster): Step[] => {
  const stop = stopSteps(
    services,
    `stop ${services.length === 1 ? "the server of one user" : `the servers of ${services.length} users`}`,
    cluster,
  );
  const unmount = [...volumes]
    .filter(([, names]) => names.length > 0)
    .map(([host, names]) => ({
      host,
      title: "remove the mounts of homes",
      after: stop,
      run: async () => {
        await removeStrayContainers(host, cluster.config.name);
        await removeVolumes(host, names);
      },
    }));
  return [...stop, ...unmount];
};

/** The steps that stop servers that run under their former names, and remove volumes of former names; homes stay. */
export const removeFormerServersSteps = (
  { services, volumes }: Servers,
  cluster: Cluster,
): Step[] => {
  const { name: className } = cluster.config;
  const former = services.filter((name) => isFormerUserService(className, name));
  const stop = stopSteps(
    former,
    former.length === 1
      ? "stop the server that runs under its former name"
      : `stop ${former.length} servers that run under their former names`,
    cluster,
  );
  const unmount = [...volumes].map(([host, names]) => ({
    host,
    title: "remove the former mounts of homes",
    after: stop,
    names: names.filter((name) => isFormerVolume(className, name)),
  }));
  return [
    ...stop,
    ...unmount
      .filter(({ names }) => names.length > 0)
      .map(({ names, ...step }) => ({ ...step, run: () => removeVolumes(step.host, names) })),
  ];
};

const stopSteps = (
  services: readonly string[],
  title: string,
  { config, manager, nodes }: Cluster,
): Step[] => {
  if (services.length === 0) return [];
  const label = labelFilter(config.name, labels.user);
  const run = async () => {
    await Promise.all(services.map((name) => ifExists(manager.docker.getService(name).remove())));
    await Promise.all(nodes.map((host) => waitUntilGone(host, label)));
  };
  return [{ host: manager, title, run }];
};

const removeVolumes = async ({ docker }: Host, names: readonly string[]): Promise<void> => {
  for (const name of names) await removeWhenUnused(() => docker.getVolume(name).remove());
};

/** Removes users' containers without a service, for example on a worker that was unreachable when its Swarm ended. */
const removeStrayContainers = async ({ docker }: Host, className: string): Promise<void> => {
  const label = labelFilter(className, labels.user);
  for (const { Id } of await docker.listContainers({ all: true, filters: { label } }))
    await ifExists(docker.getContainer(Id).remove({ force: true }));
};
