import { type Cluster, homesHost } from "../../cluster/cluster.js";
import { UserError, exitCode } from "../../errors.js";
import type { Host } from "../../host/host.js";
import { slugOf, watcherName } from "../../names.js";
import { classServices } from "../../swarm/list.js";
import { managerDocker } from "../../swarm/membership.js";
import { hostsByNode } from "../../swarm/nodes.js";

/** A container by its id or name, on its machine. */
export type Source = { host: Host; container: string };

/** The containers of a part or of a user's server, the current one first; throws a UserError where there is none. */
export const findContainers = async (cluster: Cluster, name: string): Promise<Source[]> => {
  if (name === "quota") return [{ host: homesHost(cluster), container: watcherName }];
  const docker = await managerDocker(cluster);
  if (docker === undefined)
    throw new UserError(`${cluster.config.name} is not up: this machine manages no Swarm`, {
      host: cluster.manager.name,
      hint: "`swarmhub status` shows the present state",
    });
  const names = (await classServices(cluster)).map(({ Spec }) => Spec.Name);
  const service = names.find((each) => isMatch(each, name));
  if (service === undefined) throw unknownName(cluster, name, names);
  const tasks = (await docker.listTasks({ filters: { service: [service] } })) as Task[];
  return sourcesOf(cluster, service, tasks);
};

const isMatch = (service: string, name: string): boolean =>
  parts.includes(name) ? service === name : serviceNamesOf(name).includes(service);

/** The possible service names of a user: for a name as typed, its form in the hub, and the service's own name. */
const serviceNamesOf = (user: string): string[] =>
  [user, user.replace(/^nb-/, ""), slugOf(user), slugOf(user.toLowerCase())].map(
    (slug) => `nb-${slug}`,
  );

const unknownName = (
  { config }: Cluster,
  requested: string,
  services: readonly string[],
): UserError => {
  const users = services
    .flatMap((name) => (name.startsWith("nb-") ? [name.slice(3)] : []))
    .toSorted();
  const available = parts.filter((part) => part === "quota" || services.includes(part)).join(", ");
  const list = users.length === 0 ? "no user has a server now" : `users: ${users.join(", ")}`;
  return new UserError(
    `${config.name} has no part and no user's server "${requested}"; parts: ${available}; ${list}`,
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
  service: string,
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
    `${service} has no container and no log yet (${[State, Err ?? Message].filter(Boolean).join(": ")})`,
    { hint: "`swarmhub status` shows the drift" },
  );
};

/** The parts of the system that have a log. */
export const parts: readonly string[] = ["hub", "proxy", "edge", "quota", "registry"];
