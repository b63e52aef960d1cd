import type { Cluster } from "../../cluster/cluster.js";
import type { Host } from "../../host/host.js";
import { usersLabel } from "../../names.js";
import { hub, swarm } from "../../pieces/index.js";
import { type Piece, onlyOn } from "../../reconcile/piece.js";
import { changeNode, inspectMembers, listNodes, nodeOf, removeNode } from "../../swarm/nodes.js";

/** The machines that are in the manager's list of nodes. */
export const membersAmong = async (cluster: Cluster, hosts: readonly Host[]): Promise<Host[]> => {
  const members = await inspectMembers(cluster);
  return hosts.filter((host) => nodeOf(host, members) !== undefined);
};

/** Pauses a node: no new servers start there, running ones stay. */
export const closeNode = ({ manager }: Cluster, host: Host): Promise<unknown> =>
  changeNode(manager, host, (spec) => ({ ...spec, Availability: "pause" }));

/** Drains a node without servers and unmarks it for users, so that the next `up` may remove it from the list. */
export const drainNode = ({ manager }: Cluster, host: Host): Promise<unknown> =>
  changeNode(manager, host, (spec) => ({
    ...spec,
    Availability: "drain",
    Labels: { ...spec.Labels, [usersLabel]: "false" },
  }));

/** The pieces that remove machines from the class: the mounts of homes, then the Swarm. The other pieces follow later. */
export const membership = (hosts: readonly Host[]): Piece[] =>
  onlyOn(hosts, [swarm, hub] as readonly Piece[]);

/** Removes the nodes of machines, by their machine-ids, from the manager's list. */
export const forgetNodes = async (
  { manager }: Cluster,
  machineIds: ReadonlySet<string>,
): Promise<void> => {
  for (const { ID, Spec } of await listNodes(manager))
    if (machineIds.has(Spec.Labels?.["swarmhub.machine"] ?? "")) await removeNode(manager, ID);
  manager.forget();
};
