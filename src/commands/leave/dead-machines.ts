import type { Cluster } from "../../cluster/cluster.js";
import type { HostConfig } from "../../config/types.js";
import { machineOf } from "../../config/values/destination.js";
import { UserError, exitCode } from "../../errors.js";
import { type SwarmNode, listNodes, removeNode } from "../../swarm/nodes.js";
import { quote } from "../../text/shell.js";

/** Removes dead machines from the manager's list of nodes, then calls `reconcileRest`. Refuses machines that are alive. */
export const removeDeadMachines = async <Done>(
  { manager }: Cluster,
  machines: readonly HostConfig[],
  reconcileRest: () => Promise<Done>,
): Promise<Done> => {
  const nodes = await listNodes(manager);
  const dead = machines.flatMap((machine) =>
    nodesOf(machine, nodes).map((node) => ({ machine, node })),
  );
  for (const { machine, node } of dead) refuseAlive(machine, node);
  for (const { node } of dead) await removeNode(manager, node.ID);
  manager.forget();
  return reconcileRest();
};

/** The manager's nodes of a machine that is unreachable: found by our label, by address, or by host name. */
const nodesOf = (
  { destination, address }: HostConfig,
  nodes: readonly SwarmNode[],
): SwarmNode[] => {
  const machine = machineOf(destination);
  const [name = ""] = machine.split(/:\d+$/);
  const ours = nodes.filter(
    ({ Spec }) => Spec.Role !== "manager" && Spec.Labels?.["swarmhub.machine"] !== undefined,
  );
  const labelled = ours.filter(
    ({ Spec }) => machineOf(Spec.Labels?.["swarmhub.host"] ?? "") === machine,
  );
  if (labelled.length > 0) return labelled;
  return ours.filter(
    ({ Status, Description }) =>
      [address, name].includes(Status.Addr) || Description.Hostname.toLowerCase() === name,
  );
};

const refuseAlive = ({ destination }: HostConfig, { Status }: SwarmNode): void => {
  if (Status.State === "down") return;
  throw new UserError(
    `the machine is not dead: the manager sees it as ${Status.State}, and servers may run there`,
    {
      host: destination,
      hint:
        Status.State === "ready"
          ? `\`swarmhub leave ${quote(destination)}\` moves its servers first`
          : "wait a minute until the manager has decided",
      code: exitCode.preflight,
    },
  );
};
