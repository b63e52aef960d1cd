import type { Cluster } from "../cluster/cluster.js";
import { ifExists } from "../docker/client.js";
import { userServices } from "./list.js";
import { managerDocker } from "./membership.js";
import { hostsByNode } from "./nodes.js";
import { removeWhenUnused } from "./retry.js";
import { type Task, waitUntilGone } from "./tasks.js";

/** A user's server: the state of its task ("running"), and its machine. */
export type Server = { state: string; host: string | undefined };

/** The users' servers by home; none if the class is not up. */
export const serversOf = async (cluster: Cluster): Promise<Map<string, Server>> => {
  const docker = await managerDocker(cluster);
  if (docker === undefined) return new Map();
  const services = await userServices(cluster);
  if (services.length === 0) return new Map();
  const [tasks, hosts] = await Promise.all([
    docker.listTasks({ filters: { "desired-state": ["running"] } }) as Promise<RunningTask[]>,
    hostsByNode(cluster),
  ]);
  const byService = new Map(tasks.map((task) => [task.ServiceID, task]));
  return new Map(
    services.map(({ id, home }) => {
      const task = byService.get(id);
      const state = task?.Status.State ?? "starting";
      return [home, { state, host: hosts.get(task?.NodeID ?? "")?.name }];
    }),
  );
};

type RunningTask = Task & { ServiceID: string; NodeID?: string };

/** Stops a user's server, waits until no container uses the home, and removes the home's volumes on every node. */
export const stopServer = async (cluster: Cluster, home: string): Promise<void> => {
  const docker = await managerDocker(cluster);
  if (docker === undefined) return;
  await ifExists(docker.getService(`nb-${home}`).remove());
  await Promise.all(
    cluster.nodes.map(async (host) => {
      const { units } = await host.facts();
      if (units["docker.service"] !== "active") return;
      await waitUntilGone(host, `swarmhub.user=${home}`);
      const { Volumes: volumes } = await host.docker.listVolumes({
        filters: { label: [`swarmhub.user=${home}`] },
      });
      for (const { Name } of volumes ?? [])
        if (Name.startsWith(`swarmhub-home-${home}-`))
          await removeWhenUnused(() => host.docker.getVolume(Name).remove());
    }),
  );
};
