import type { Cluster } from "../cluster/cluster.js";
import { type Machines, inspectMachines } from "../cluster/machines.js";
import { ifExists } from "../docker/client.js";
import { UserError } from "../errors.js";
import type { Membership } from "../host/facts.js";
import type { Host } from "../host/host.js";
import { labels } from "../names.js";
import { waitUntil } from "../wait.js";
import { inspectMember, memberOf, noMembership } from "./membership.js";
import { retryUpdate } from "./retry.js";

/** The fields of the Docker API's node that we read. */
export type SwarmNode = {
  ID: string;
  Version: { Index: number };
  Spec: { Labels?: Record<string, string>; Role: string; Availability: string };
  Description: { Hostname: string };
  Status: { State: string; Addr: string };
};

/**
 * The state of the Swarm: each machine's membership, the manager's list of nodes, the class in the Swarm's label, and how often a machine tells the
 * manager that it is there, in nanoseconds.
 */
export type Members = {
  of: (host: Host) => Membership;
  nodes: SwarmNode[];
  swarmClass: string | undefined;
  heartbeat: number | undefined;
};

/** The machines and their membership. */
export type SwarmState = { machines: Machines; members: Members };

/** Reads the membership of every node; a machine without Docker is in no Swarm. */
export const inspectMembers = async ({ nodes, manager }: Cluster): Promise<Members> => {
  const members = new Map(
    await Promise.all(nodes.map(async (host) => [host, await memberOf(host)] as const)),
  );
  const of = (host: Host): Membership => members.get(host) ?? noMembership;
  const { manages } = of(manager);
  if (!manages) return { of, nodes: [], swarmClass: undefined, heartbeat: undefined };
  const [listed, swarm] = await Promise.all([
    manager.remember("nodes", () => listNodes(manager)),
    manager.docker.swarmInspect() as Promise<{ Spec?: SwarmSpec }>,
  ]);
  // The remembered membership of a node that the manager does not list may be stale, so its Docker is asked again.
  const unlisted = nodes.filter(
    (host) => of(host).state === "active" && !listed.some(({ ID }) => ID === of(host).nodeId),
  );
  for (const host of unlisted) members.set(host, await inspectMember(host));
  return {
    of,
    nodes: listed,
    swarmClass: swarm.Spec?.Labels?.[labels.class],
    heartbeat: swarm.Spec?.Dispatcher?.HeartbeatPeriod,
  };
};

type SwarmSpec = {
  Labels?: Record<string, string>;
  Dispatcher?: { HeartbeatPeriod?: number };
};

/** The manager's list of nodes. */
export const listNodes = async ({ docker }: Host): Promise<SwarmNode[]> =>
  (await docker.listNodes()) as SwarmNode[];

/** The manager's entry for a host; undefined if the host is not in the manager's Swarm. */
export const nodeOf = (host: Host, members: Members): SwarmNode | undefined =>
  members.nodes.find(({ ID }) => ID === members.of(host).nodeId);

/** What to do where a machine does not join. */
export const joinHint = (manager: Host): string =>
  `open 2377/tcp, 7946/tcp+udp and 4789/udp between it and ${manager.name}, in the provider's security group and in the firewalls of both; to test them: \`swarmhub check\``;

/** Waits until the manager lists the host as a ready node; throws a UserError at the deadline (milliseconds). */
export const waitForNode = async (
  manager: Host,
  host: Host,
  deadline = 60_000,
): Promise<SwarmNode> =>
  waitUntil(
    async () => {
      const { nodeId } = await inspectMember(host);
      const nodes = await listNodes(manager);
      return nodes.find(({ ID, Status }) => ID === nodeId && Status.State === "ready");
    },
    {
      deadline,
      otherwise: () =>
        new UserError(
          `joined the Swarm but is not ready for ${manager.name} after ${deadline / 1000} s`,
          { host: host.name, hint: joinHint(manager) },
        ),
    },
  );

/** Removes a node from the manager's list, whatever its state; a missing node is no error. */
export const removeNode = (manager: Host, id: string): Promise<unknown> =>
  ifExists(manager.docker.getNode(id).remove({ force: true }));

/** Waits until a node is ready, changes its spec, and returns its id. */
export const changeNode = async (
  manager: Host,
  host: Host,
  change: (spec: SwarmNode["Spec"]) => SwarmNode["Spec"],
): Promise<string> => {
  let id = "";
  await retryUpdate(async () => {
    const { ID, Version, Spec } = await waitForNode(manager, host);
    id = ID;
    await manager.docker.getNode(ID).update({ version: Version.Index, ...change(Spec) });
  });
  manager.forget();
  return id;
};

/** The host of each node, by the node's id; nodes are identified by our label with the machine-id. */
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
      const host = byMachine.get(Spec.Labels?.[labels.machine] ?? "");
      return host === undefined ? [] : [[ID, host] as const];
    }),
  );
};
