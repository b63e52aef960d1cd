import { type Cluster, homesHost } from "../../cluster/cluster.js";
import { UserError, exitCode } from "../../errors.js";
import type { Host } from "../../host/host.js";
import { slugOf, watcherName } from "../../names.js";
import { classServices } from "../../swarm/list.js";
import { managerDocker } from "../../swarm/membership.js";
import { hostsByNode } from "../../swarm/nodes.js";

/** A container by its id or name, on its machine. */
export type Source = { host: Host; container: string };

/** The containers of a part or of a user's server, the one that counts first; throws a UserError where there is none. */
export const find = async (cluster: Cluster, wanted: string): Promise<Source[]> => {
  if (wanted === "quota") return [{ host: homesHost(cluster), container: watcherName }];
  const docker = await managerDocker(cluster);
  if (docker === undefined)
    throw new UserError(`${cluster.config.name} is not up: the machine manages no Swarm`, {
      host: cluster.manager.name,
      hint: "`swarmhub status` shows what is there",
    });
  const names = (await classServices(cluster)).map(({ Spec }) => Spec.Name);
  const service = names.find((name) => isMeant(name, wanted));
  if (service === undefined) throw unknown(cluster, wanted, names);
  const tasks = (await docker.listTasks({ filters: { service: [service] } })) as Task[];
  return sourcesOf(cluster, service, tasks);
};

const isMeant = (service: string, wanted: string): boolean =>
  parts.includes(wanted) ? service === wanted : serversOf(wanted).includes(service);

/** What a user's server may be called: a name as it was typed, the hub's form of it, and the service's own name. */
const serversOf = (user: string): string[] =>
  [user, user.replace(/^nb-/, ""), slugOf(user), slugOf(user.toLowerCase())].map(
    (slug) => `nb-${slug}`,
  );

const unknown = ({ config }: Cluster, wanted: string, services: readonly string[]): UserError => {
  const users = services
    .flatMap((name) => (name.startsWith("nb-") ? [name.slice(3)] : []))
    .toSorted();
  const here = parts.filter((part) => part === "quota" || services.includes(part)).join(", ");
  const who = users.length === 0 ? "no user has a server now" : `users: ${users.join(", ")}`;
  return new UserError(
    `${config.name} has no part and no user's server "${wanted}"; parts: ${here}; ${who}`,
    { hint: "`swarmhub logs hub` says why a server did not start", code: exitCode.usage },
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
    `${service} has no container, so that it said nothing yet (${[State, Err ?? Message].filter(Boolean).join(": ")})`,
    { hint: "`swarmhub status` shows what differs" },
  );
};

/** The parts of the system that have a log. */
export const parts: readonly string[] = ["hub", "proxy", "edge", "quota", "registry"];
