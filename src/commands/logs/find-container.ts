import { type Cluster, homesHost } from "../../cluster/cluster.js";
import { UserError, exitCode } from "../../errors.js";
import type { Host } from "../../host/host.js";
import {
  formerNames,
  homeNamesOf,
  labels,
  serviceName,
  serviceParts,
  watcherName,
} from "../../names.js";
import { classServices } from "../../swarm/list.js";
import { managerDocker } from "../../swarm/membership.js";
import { hostsByNode } from "../../swarm/nodes.js";

/** A container by its id or name, on its machine. */
export type Source = { host: Host; container: string };

/** The containers of a part or of a user's server, the current one first; throws a UserError where there is none. */
export const findContainers = async (cluster: Cluster, name: string): Promise<Source[]> => {
  if (name === "quota")
    return [{ host: homesHost(cluster), container: watcherName(cluster.config.name) }];
  const docker = await managerDocker(cluster);
  if (docker === undefined)
    throw new UserError(`${cluster.config.name} is not up: this machine manages no Swarm`, {
      host: cluster.manager.name,
      hint: "`swarmhub status` shows the present state",
    });
  const services = (await classServices(cluster)).map(({ Spec }) => ({
    name: Spec.Name,
    home: Spec.Labels?.[labels.user],
  }));
  const service = services.find((each) => isMatch(cluster, each, name));
  if (service === undefined) throw unknownName(cluster, name, services);
  const tasks = (await docker.listTasks({ filters: { service: [service.name] } })) as Task[];
  return sourcesOf(cluster, name, tasks);
};

/** A service of the class; `home` is that of a user's server, undefined for a part. */
type NamedService = { name: string; home: string | undefined };

/** Whether a service is the named part or user's server: by the user's name, its form in the hub, or the service's own name. */
const isMatch = ({ config }: Cluster, service: NamedService, name: string): boolean => {
  if (service.home !== undefined && !parts.includes(name))
    return [service.name, service.home].some((each) =>
      [name, ...homeNamesOf(name), ...homeNamesOf(name.toLowerCase())].includes(each),
    );
  const part = serviceParts.find((each) => each === name);
  if (service.home !== undefined || part === undefined) return false;
  return [serviceName(config.name, part), formerNames.service(part)].includes(service.name);
};

const unknownName = (
  cluster: Cluster,
  requested: string,
  services: readonly NamedService[],
): UserError => {
  const users = services.flatMap(({ home }) => home ?? []).toSorted();
  const available = parts
    .filter((part) => part === "quota" || services.some((each) => isMatch(cluster, each, part)))
    .join(", ");
  const list = users.length === 0 ? "no user has a server now" : `users: ${users.join(", ")}`;
  return new UserError(
    `${cluster.config.name} has no part and no user's server "${requested}"; parts: ${available}; ${list}`,
    { hint: "`swarmhub logs hub` shows why a server did not start", code: exitCode.usage },
  );
};

type Task = {
  CreatedAt: string;
  DesiredState: string;
  NodeID?: string;
  Status: {
    State: string;
    Err?: string;
    Message?: string;
    ContainerStatus?: { ContainerID?: string };
  };
};

const sourcesOf = async (
  cluster: Cluster,
  name: string,
  tasks: readonly Task[],
): Promise<Source[]> => {
  const newest = tasks.toSorted(
    (one, other) =>
      Number(other.DesiredState === "running") - Number(one.DesiredState === "running") ||
      other.CreatedAt.localeCompare(one.CreatedAt),
  );
  const hosts = await hostsByNode(cluster);
  const sources = newest.flatMap(({ NodeID, Status }): Source[] => {
    const [host, container] = [hosts.get(NodeID ?? ""), Status.ContainerStatus?.ContainerID];
    return host === undefined || !container ? [] : [{ host, container }];
  });
  if (sources.length > 0) return sources;
  const { State, Err, Message } = newest[0]?.Status ?? { State: "no task yet" };
  throw new UserError(
    `${name} has no container and no log yet (${[State, Err ?? Message].filter(Boolean).join(": ")})`,
    { hint: "`swarmhub status` shows the drift" },
  );
};

/** The parts of the system that have a log. */
export const parts: readonly string[] = [...serviceParts, "quota"];
