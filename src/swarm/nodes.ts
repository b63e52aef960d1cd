import type { Cluster } from "../cluster/cluster.js";
import { type Machines, inspectMachines } from "../cluster/machines.js";
import { ifExists } from "../docker/client.js";
import { UserError } from "../errors.js";
import type { Host } from "../host/host.js";
import { waitUntil } from "../wait.js";
import { type Member, inspectMember, memberOf, outside } from "./membership.js";
import { retryStaleVersion } from "./retry.js";

/** A node as the manager lists it; the part of the Docker API's answer that we read. */
export type SwarmNode = {
  ID: string;
  Version: { Index: number };
  Spec: { Labels?: Record<string, string>; Role: string; Availability: string };
  Description: { Hostname: string };
  Status: { State: string; Addr: string };
};

/** The Swarm as it is: each machine's word, the manager's list, and the class whose Swarm it is. */
export type Members = {
  of: (host: Host) => Member;
  nodes: SwarmNode[];
  swarmClass: string | undefined;
};

/** The machines and what they are in the Swarm. */
export type SwarmState = { machines: Machines; members: Members };

/** Asks every node's Docker; a machine without one is in no Swarm. */
export const inspectMembers = async ({ nodes, manager }: Cluster): Promise<Members> => {
  const members = new Map(
    await Promise.all(nodes.map(async (host) => [host, await memberOf(host)] as const)),
  );
  const of = (host: Host): Member => members.get(host) ?? outside;
  const { manages } = of(manager);
  if (!manages) return { of, nodes: [], swarmClass: undefined };
  const [listed, swarm] = await Promise.all([
    manager.remember("nodes", () => listNodes(manager)),
    manager.docker.swarmInspect() as Promise<{ Spec?: { Labels?: Record<string, string> } }>,
  ]);
  // Before anything is made of a node that the manager does not know, its Docker itself is asked who it is.
  const strangers = nodes.filter(
    (host) => of(host).state === "active" && !listed.some(({ ID }) => ID === of(host).nodeId),
  );
  for (const host of strangers) members.set(host, await inspectMember(host));
  return { of, nodes: listed, swarmClass: swarm.Spec?.Labels?.["swarmhub.class"] };
};

/** The nodes as the manager lists them. */
export const listNodes = async ({ docker }: Host): Promise<SwarmNode[]> =>
  (await docker.listNodes()) as SwarmNode[];

/** What the manager lists a host as; undefined where it is not in the manager's Swarm. */
export const nodeOf = (host: Host, members: Members): SwarmNode | undefined =>
  members.nodes.find(({ ID }) => ID === members.of(host).nodeId);

/** Waits until the manager sees the host as a ready node, 60 s at most. */
export const waitForNode = async (manager: Host, host: Host): Promise<SwarmNode> =>
  waitUntil(
    async () => {
      const { nodeId } = await inspectMember(host);
      const nodes = await listNodes(manager);
      return nodes.find(({ ID, Status }) => ID === nodeId && Status.State === "ready");
    },
    {
      deadline: 60_000,
      otherwise: () =>
        new UserError(`joined the Swarm, but ${manager.name} does not see it as ready after 60 s`, {
          host: host.name,
          hint: `is 2377/tcp and 7946/tcp+udp open between them? \`swarmhub check\` tries it`,
        }),
    },
  );

/** Takes a node out of the manager's list, whatever its state; one that is not there is no error. */
export const removeNode = (manager: Host, id: string): Promise<unknown> =>
  ifExists(manager.docker.getNode(id).remove({ force: true }));

/** Changes what the manager keeps of a node, once it sees that as ready; answers the node's id. */
export const changeNode = async (
  manager: Host,
  host: Host,
  change: (spec: SwarmNode["Spec"]) => SwarmNode["Spec"],
): Promise<string> => {
  let id = "";
  await retryStaleVersion(async () => {
    const { ID, Version, Spec } = await waitForNode(manager, host);
    id = ID;
    await manager.docker.getNode(ID).update({ version: Version.Index, ...change(Spec) });
  });
  manager.forget();
  return id;
};

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
