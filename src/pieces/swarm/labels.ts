import type { Cluster } from "../../cluster/cluster.js";
import { UserError, exitCode } from "../../errors.js";
import type { Host } from "../../host/host.js";
import { usersLabel } from "../../names.js";
import type { Step } from "../../reconcile/piece.js";
import {
  type SwarmNode,
  type SwarmState,
  changeNode,
  listNodes,
  nodeOf,
  removeNode,
} from "../../swarm/nodes.js";
import { quote } from "../../text/shell.js";

/** The step that labels a node with the machine that it is: its machine-id, and its name in the configuration. */
export const labelSteps = (host: Host, state: SwarmState, { manager }: Cluster): Step[] => {
  const { machineId } = state.machines(host).facts;
  const labels = { "swarmhub.machine": machineId, "swarmhub.host": host.name };
  const node = nodeOf(host, state.members);
  const isLabelled =
    node !== undefined &&
    Object.entries(labels).every(([key, value]) => node.Spec.Labels?.[key] === value);
  if (isLabelled) return [];
  return [
    {
      host,
      title: "label the node",
      detail: `as ${host.name}`,
      run: async () => {
        const current = await changeNode(manager, host, (spec) => ({
          ...spec,
          Labels: { ...spec.Labels, ...labels },
        }));
        for (const { ID, Spec } of await listNodes(manager))
          if (machineOf(Spec) === machineId && ID !== current) await removeNode(manager, ID);
      },
    },
  ];
};

/**
 * The steps that take nodes of ours out of the list that are no machine of the class: those that the configuration does
 * not name any more, and what its machines were before, as one that left and came back is listed twice (moby#24106).
 * Refuses to where people may be at work there: a node taken out of the list goes on with its containers, and Swarm
 * starts the same servers elsewhere.
 */
export const strayNodeSteps = (
  { machines, members }: SwarmState,
  { manager, nodes }: Cluster,
): Step[] => {
  const current = new Map(
    nodes.map((host) => [machines(host).facts.machineId, nodeOf(host, members)?.ID]),
  );
  return members.nodes.flatMap(({ ID, Spec, Status, Description }) => {
    const machineId = machineOf(Spec);
    if (machineId === undefined || current.get(machineId) === ID) return [];
    // A machine that is still to join forgets then what it was.
    if (current.has(machineId) && current.get(machineId) === undefined) return [];
    const isNamed = current.has(machineId);
    const name = Spec.Labels?.["swarmhub.host"] ?? Description.Hostname;
    if (!isNamed && Status.State === "ready" && Spec.Labels?.[usersLabel] === "true")
      throw new UserError("the node takes users' servers, but the configuration does not name it", {
        host: name,
        hint: `\`swarmhub leave ${quote(name)}\` takes it out without losing anyone; or write it among the workers again`,
        code: exitCode.preflight,
      });
    const title = isNamed
      ? `forget the node that ${name} was before it joined again`
      : `take ${name} out of the Swarm`;
    const detail = isNamed ? {} : { detail: "the configuration does not name it" };
    const run = () => removeNode(manager, ID);
    return [{ host: manager, title, ...detail, run }];
  });
};

const machineOf = ({ Labels }: SwarmNode["Spec"]): string | undefined =>
  Labels?.["swarmhub.machine"];
