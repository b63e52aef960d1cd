import type { Cluster } from "../../cluster/cluster.js";
import { UserError, exitCode } from "../../errors.js";
import type { Host } from "../../host/host.js";
import { labels } from "../../names.js";
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

/** The step that labels a node with its machine-id and its name in the configuration; `isNew` for one that joins in this plan. */
export const labelSteps = (
  host: Host,
  state: SwarmState,
  { manager }: Cluster,
  isNew: boolean,
): Step[] => {
  const { machineId } = state.machines(host).facts;
  const wanted = { [labels.machine]: machineId, [labels.host]: host.name };
  const node = nodeOf(host, state.members);
  const isLabelled =
    !isNew &&
    node !== undefined &&
    Object.entries(wanted).every(([key, value]) => node.Spec.Labels?.[key] === value);
  if (isLabelled) return [];
  return [
    {
      host,
      title: "label the node",
      detail: `as ${host.name}`,
      run: async () => {
        const current = await changeNode(manager, host, (spec) => ({
          ...spec,
          Labels: { ...spec.Labels, ...wanted },
        }));
        for (const { ID, Spec } of await listNodes(manager))
          if (machineOf(Spec) === machineId && ID !== current) await removeNode(manager, ID);
      },
    },
  ];
};

/**
 * The steps that remove stray nodes of ours from Swarm's list: machines no longer in the configuration, and stale entries,
 * since a node that left and joined again is listed twice (moby#24106). Throws a UserError (preflight) for a node that may
 * run users' servers: its containers would keep running while Swarm starts the same servers elsewhere.
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
    // For a machine that has not joined yet, the label step removes the stale entry.
    if (current.has(machineId) && current.get(machineId) === undefined) return [];
    const isNamed = current.has(machineId);
    const name = Spec.Labels?.[labels.host] ?? Description.Hostname;
    if (!isNamed && Status.State === "ready" && Spec.Labels?.[labels.users] === "true")
      throw new UserError("the node takes users' servers but is not in the configuration", {
        host: name,
        hint: `add it to \`workers\` again, or move its servers and remove it: \`swarmhub leave ${quote(name)}\``,
        code: exitCode.preflight,
      });
    const title = isNamed
      ? `remove the stale node entry of ${name}`
      : `remove ${name} from the Swarm`;
    const detail = isNamed ? {} : { detail: "not in the configuration" };
    const run = () => removeNode(manager, ID);
    return [{ host: manager, title, ...detail, run }];
  });
};

const machineOf = ({ Labels }: SwarmNode["Spec"]): string | undefined => Labels?.[labels.machine];
