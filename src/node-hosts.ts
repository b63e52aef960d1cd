import type { Cluster } from "./cluster.js";
import type { Host } from "./host.js";
import { inspectMachines } from "./machines.js";

/** The machine of each node of the Swarm, by the node's id: a node is known by our label, which is the machine-id. */
export const hostsByNode = async (cluster: Cluster): Promise<Map<string, Host>> => {
  const [nodes, machines] = await Promise.all([
    cluster.manager.docker.listNodes() as Promise<
      { ID: string; Spec: { Labels?: Record<string, string> } }[]
    >,
    inspectMachines(cluster),
  ]);
  const byMachine = new Map(cluster.nodes.map((host) => [machines(host).facts.machineId, host]));
  return new Map(
    nodes.flatMap(({ ID, Spec }) => {
      const host = byMachine.get(Spec.Labels?.["swarmhub.machine"] ?? "");
      return host === undefined ? [] : [[ID, host] as const];
    }),
  );
};
