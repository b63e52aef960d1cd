import type { Cluster } from "../cluster/cluster.js";
import { type Machines, inspectMachines } from "../cluster/machines.js";
import { seatsOn } from "../cluster/seats.js";
import type { Host } from "../host/host.js";
import { usersLabel } from "../names.js";
import type { Piece, Step } from "../reconcile/piece.js";
import { userServices } from "../swarm/list.js";
import { type Members, changeNode, inspectMembers, nodeOf } from "../swarm/nodes.js";
import { plural } from "../text/format.js";

type State = {
  machines: Machines;
  members: Members;
  /** How many users' servers run on a machine that takes users and should not. */
  taken: ReadonlyMap<Host, number>;
};

/**
 * The label by which the hub's servers find a machine. After all that a server needs there, so that a seat is offered
 * only when it can be sat on; and taken away only where nobody sits, since Swarm ends servers on a node that loses it.
 */
export const seatHosts: Piece<State> = {
  name: "seats",
  inspect: async (cluster) => {
    const [machines, members] = await Promise.all([
      inspectMachines(cluster),
      inspectMembers(cluster),
    ]);
    return {
      machines,
      members,
      taken: await takenOn(surplusOf(cluster, members), cluster, members),
    };
  },
  plan: (want, { machines, members, taken }, cluster) =>
    cluster.nodes.flatMap((host): Step[] => {
      const node = nodeOf(host, members);
      const isSeat = cluster.seatHosts.includes(host);
      const isOffered = node?.Spec.Labels?.[usersLabel] === "true";
      const isOpen = node === undefined || node.Spec.Availability === "active";
      // Who sits there stays until the server stops by itself.
      const keeps = isOffered && (taken.get(host) ?? 0) > 0;
      if ((isSeat || keeps) === isOffered && isOpen) return [];
      const count = seatsOn(machines(host).facts.memory, want, host === cluster.manager);
      const title = isSeat
        ? "offer its seats to users"
        : isOffered && !keeps
          ? "offer no seats to users"
          : "let Swarm use it again";
      return [
        {
          host,
          title,
          ...(isSeat && { detail: plural(count, "seat") }),
          run: () =>
            changeNode(cluster.manager, host, (spec) => ({
              ...spec,
              Availability: "active",
              Labels: { ...spec.Labels, [usersLabel]: String(isSeat || keeps) },
            })),
        },
      ];
    }),
  remove: () => [],
  problems: ({ taken }) =>
    [...taken]
      .filter(([, count]) => count > 0)
      .map(
        ([host, count]) =>
          `${host.name}: ${plural(count, "server")} of users from when it took users still ${count === 1 ? "runs" : "run"} there, so it keeps its seats; \`swarmhub up\` takes them away once ${count === 1 ? "that has" : "these have"} stopped`,
      ),
};

/** Machines that are offered to users against the configuration. */
const surplusOf = ({ nodes, seatHosts: wanted }: Cluster, members: Members): Host[] =>
  nodes.filter(
    (host) => !wanted.includes(host) && nodeOf(host, members)?.Spec.Labels?.[usersLabel] === "true",
  );

const takenOn = async (
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
