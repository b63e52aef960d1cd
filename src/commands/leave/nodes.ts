import type { Cluster } from "../../cluster/cluster.js";
import type { Host } from "../../host/host.js";
import { usersLabel } from "../../names.js";
import { hub, swarm } from "../../pieces/index.js";
import { type Piece, onlyOn } from "../../reconcile/piece.js";
import { changeNode, inspectMembers, listNodes, nodeOf, removeNode } from "../../swarm/nodes.js";

/** Those of the machines that the manager lists. */
export const membersAmong = async (cluster: Cluster, hosts: readonly Host[]): Promise<Host[]> => {
  const members = await inspectMembers(cluster);
  return hosts.filter((host) => nodeOf(host, members) !== undefined);
};

/** Lets no more servers onto a node; those that run there stay. */
export const closeNode = ({ manager }: Cluster, host: Host): Promise<unknown> =>
  changeNode(manager, host, (spec) => ({ ...spec, Availability: "pause" }));

/** Says of a node where nobody sits any more that it is none of users': so the next `up` may take it out of the list. */
export const drainNode = ({ manager }: Cluster, host: Host): Promise<unknown> =>
  changeNode(manager, host, (spec) => ({
    ...spec,
    Availability: "drain",
    Labels: { ...spec.Labels, [usersLabel]: "false" },
  }));

/** What takes machines out of the class: the mounts of homes, then the Swarm. What else is there follows later. */
export const membership = (hosts: readonly Host[]): Piece[] =>
  onlyOn(hosts, [swarm, hub] as readonly Piece[]);

/** Takes what the manager lists of some machines, by their machine-ids, out of its list. */
export const forgetNodes = async (
  { manager }: Cluster,
  machineIds: ReadonlySet<string>,
): Promise<void> => {
  for (const { ID, Spec } of await listNodes(manager))
    if (machineIds.has(Spec.Labels?.["swarmhub.machine"] ?? "")) await removeNode(manager, ID);
  manager.forget();
};
