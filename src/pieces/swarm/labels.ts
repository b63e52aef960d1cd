import type { Cluster } from "../../cluster.js";
import { absent } from "../../docker.js";
import type { Host } from "../../host.js";
import type { Step } from "../../step.js";
import { inSequence } from "../shared/in-sequence.js";
import { listNodes, nodeOf, waitForNode, type SwarmNode, type SwarmState } from "./members.js";

/** The step that gives a node our labels: which machine it is, and whether it takes users. */
export const labelSteps = (host: Host, state: SwarmState, cluster: Cluster): Step[] => {
  const { manager, seats } = cluster;
  const { machineId } = state.machines(host).facts;
  const labels = {
    "swarmhub.machine": machineId,
    "swarmhub.users": String(seats.includes(host)),
  };
  const node = nodeOf(host, state.members);
  const isLabelled =
    node !== undefined &&
    Object.entries(labels).every(([key, value]) => node.Spec.Labels?.[key] === value);
  if (isLabelled) return [];
  return [
    {
      host,
      title: "label the node",
      detail: seats.includes(host) ? "it takes users" : "it takes no users",
      run: async () => {
        let current = "";
        await inSequence(async () => {
          const { ID, Version, Spec } = await waitForNode(manager, host);
          current = ID;
          const change = { ...Spec, Labels: { ...Spec.Labels, ...labels } };
          await manager.docker.getNode(ID).update({ version: Version.Index, ...change });
        });
        for (const { ID, Spec } of await listNodes(manager))
          if (machineOf(Spec) === machineId && ID !== current)
            await absent(manager.docker.getNode(ID).remove({ force: true }));
      },
    },
  ];
};

/**
 * The steps that take nodes of ours out of the list that are no machine of the class: those that the configuration does
 * not name any more, and what its machines were before, as one that left and came back is listed twice (moby#24106).
 */
export const strayNodeSteps = (
  { machines, members }: SwarmState,
  { manager, nodes }: Cluster,
): Step[] => {
  const current = new Map(
    nodes.map((host) => [machines(host).facts.machineId, nodeOf(host, members)?.ID]),
  );
  return members.nodes.flatMap(({ ID, Spec, Description }) => {
    const machineId = machineOf(Spec);
    if (machineId === undefined || current.get(machineId) === ID) return [];
    // A machine that is still to join forgets then what it was.
    if (current.has(machineId) && current.get(machineId) === undefined) return [];
    const title = current.has(machineId)
      ? `forget the node that ${Description.Hostname} was before it joined again`
      : `take ${Description.Hostname} out of the Swarm`;
    const detail = current.has(machineId) ? {} : { detail: "the configuration does not name it" };
    const run = () => absent(manager.docker.getNode(ID).remove({ force: true }));
    return [{ host: manager, title, ...detail, run }];
  });
};

const machineOf = ({ Labels }: SwarmNode["Spec"]): string | undefined =>
  Labels?.["swarmhub.machine"];
