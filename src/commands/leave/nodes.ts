import type { Cluster } from "../../cluster/cluster.js";
import type { Host } from "../../host/host.js";
import { usersLabel } from "../../names.js";
import { hub, swarm } from "../../pieces/index.js";
import type { Report } from "../../reconcile/event.js";
import { type Piece, onlyOn } from "../../reconcile/piece.js";
import { runTasks } from "../../reconcile/run-tasks.js";
import { changeNode, inspectMembers, listNodes, nodeOf, removeNode } from "../../swarm/nodes.js";

/** The machines that are in the manager's list of nodes. */
export const membersAmong = async (cluster: Cluster, hosts: readonly Host[]): Promise<Host[]> => {
  const members = await inspectMembers(cluster);
  return hosts.filter((host) => nodeOf(host, members) !== undefined);
};

/** Pauses the nodes of machines: no new servers start there, running ones stay. */
export const closeNodes = (
  { manager }: Cluster,
  hosts: readonly Host[],
  report: Report,
): Promise<void> =>
  onEach("close", hosts, "accept no new servers", report, (host) =>
    changeNode(manager, host, (spec) => ({ ...spec, Availability: "pause" })),
  );

/** Drains nodes without servers and unmarks them for users, so that the next `up` may remove them from the list. */
export const drainNodes = (
  { manager }: Cluster,
  hosts: readonly Host[],
  report: Report,
): Promise<void> =>
  onEach("drain", hosts, "remove its seats", report, (host) =>
    changeNode(manager, host, (spec) => ({
      ...spec,
      Availability: "drain",
      Labels: { ...spec.Labels, [usersLabel]: "false" },
    })),
  );

const onEach = async (
  piece: string,
  hosts: readonly Host[],
  title: string,
  report: Report,
  run: (host: Host) => Promise<unknown>,
): Promise<void> => {
  const ends = await runTasks(
    piece,
    hosts.map((host) => ({ host: host.name, title, run: () => run(host) })),
    report,
  );
  for (const end of ends) if ("error" in end) throw end.error;
};

/** The pieces that remove machines from the class: the mounts of homes, then the Swarm. The other pieces follow later. */
export const membershipPieces = (hosts: readonly Host[]): Piece[] =>
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
