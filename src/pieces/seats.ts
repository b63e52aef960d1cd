import type { Cluster } from "../cluster/cluster.js";
import { type Machines, inspectMachines } from "../cluster/machines.js";
import { gpusOf } from "../cluster/gpus.js";
import { seatsOn } from "../cluster/seats.js";
import type { Host } from "../host/host.js";
import { labels } from "../names.js";
import type { Piece, Step } from "../reconcile/piece.js";
import { userServices } from "../swarm/list.js";
import { type Members, changeNode, inspectMembers, nodeOf } from "../swarm/nodes.js";
import { plural } from "../text/format.js";

type State = {
  machines: Machines;
  members: Members;
  /** The number of users' servers on each machine that takes users against the configuration. */
  userServers: ReadonlyMap<Host, number>;
};

/**
 * Sets the label by which Swarm places users' servers. It comes after everything that a server needs, so that an offered seat
 * is usable; it is removed only from nodes without servers, since Swarm stops servers on a node that loses it.
 */
export const seats: Piece<State> = {
  name: "seats",
  inspect: async (cluster) => {
    const [machines, members] = await Promise.all([
      inspectMachines(cluster),
      inspectMembers(cluster),
    ]);
    return {
      machines,
      members,
      userServers: await countServers(unwantedSeatHosts(cluster, members), cluster, members),
    };
  },
  plan: (want, { machines, members, userServers }, cluster) =>
    cluster.nodes.flatMap((host): Step[] => {
      const node = nodeOf(host, members);
      const isSeat = cluster.seatHosts.includes(host);
      const isOffered = node?.Spec.Labels?.[labels.users] === "true";
      const isOpen = node === undefined || node.Spec.Availability === "active";
      // Running servers stay until they stop by themselves.
      const keeps = isOffered && (userServers.get(host) ?? 0) > 0;
      if ((isSeat || keeps) === isOffered && isOpen) return [];
      const { facts } = machines(host);
      const count = seatsOn(facts.memory, want, host === cluster.manager, gpusOf(facts));
      const title = isSeat
        ? "offer its seats to users"
        : isOffered && !keeps
          ? "stop offering its seats to users"
          : "set its availability to active";
      return [
        {
          host,
          title,
          ...(isSeat && { detail: plural(count, "seat") }),
          run: () =>
            changeNode(cluster.manager, host, (spec) => ({
              ...spec,
              Availability: "active",
              Labels: { ...spec.Labels, [labels.users]: String(isSeat || keeps) },
            })),
        },
      ];
    }),
  remove: () => [],
  problems: ({ userServers }) =>
    [...userServers]
      .filter(([, count]) => count > 0)
      .map(
        ([host, count]) =>
          `${host.name}: ${count === 1 ? "1 user's server still runs" : `${count} users' servers still run`} there, so it keeps its seats; when none is left, type \`swarmhub up\``,
      ),
};

/** Machines that take users against the configuration. */
const unwantedSeatHosts = ({ nodes, seatHosts: wanted }: Cluster, members: Members): Host[] =>
  nodes.filter(
    (host) =>
      !wanted.includes(host) && nodeOf(host, members)?.Spec.Labels?.[labels.users] === "true",
  );

const countServers = async (
  hosts: readonly Host[],
  cluster: Cluster,
  members: Members,
): Promise<Map<Host, number>> => {
  if (hosts.length === 0) return new Map();
  const ids = new Set((await userServices(cluster)).map(({ id }) => id));
  const counts = hosts.map(async (host) => {
    const filters = { node: [members.of(host).nodeId], "desired-state": ["running"] };
    const tasks = (await cluster.manager.docker.listTasks({ filters })) as { ServiceID: string }[];
    return [host, tasks.filter(({ ServiceID }) => ids.has(ServiceID)).length] as const;
  });
  return new Map(await Promise.all(counts));
};
