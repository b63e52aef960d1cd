import type { Cluster } from "../../cluster/cluster.js";
import type { HostConfig } from "../../config/types.js";
import { machineOf } from "../../config/values/destination.js";
import { UserError, exitCode } from "../../errors.js";
import { type SwarmNode, listNodes, removeNode } from "../../swarm/nodes.js";
import { quote } from "../../text/shell.js";

/** Takes machines that are dead out of a class: the manager's list, then what `settle` does. Refuses those that are alive. */
export const removeDeadMachines = async <Done>(
  { manager }: Cluster,
  meant: readonly HostConfig[],
  settle: () => Promise<Done>,
): Promise<Done> => {
  const nodes = await listNodes(manager);
  const gone = meant.flatMap((each) => nodesOf(each, nodes).map((node) => ({ each, node })));
  for (const { each, node } of gone) refuseAlive(each, node);
  for (const { node } of gone) await removeNode(manager, node.ID);
  manager.forget();
  return settle();
};

/** What the manager lists of a machine that nobody can ask: by our label, by the address, by the host's own name. */
export const nodesOf = (
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
    `the machine is not gone: the manager sees it as ${Status.State}, and people may be at work there`,
    {
      host: destination,
      hint:
        Status.State === "ready"
          ? `\`swarmhub leave ${quote(destination)}\` moves their servers first`
          : "wait a minute: the manager makes up its mind by itself",
      code: exitCode.preflight,
    },
  );
};
