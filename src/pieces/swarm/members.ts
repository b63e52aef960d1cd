import type { Cluster } from "../../cluster.js";
import { UserError } from "../../errors.js";
import type { Host } from "../../host.js";
import type { Machines } from "../../machines.js";
import { until } from "../../until.js";
import { lookAtMember, memberOf, outside, type Member } from "../shared/member.js";

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
  for (const host of strangers) members.set(host, await lookAtMember(host));
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
  until(
    async () => {
      const { nodeId } = await lookAtMember(host);
      const nodes = await listNodes(manager);
      return nodes.find(({ ID, Status }) => ID === nodeId && Status.State === "ready");
    },
    {
      deadline: 60_000,
      otherwise: () =>
        new UserError(
          `${host.name} joined the Swarm but ${manager.name} does not see it as ready after 60 s`,
          `is 2377/tcp and 7946/tcp+udp open between them? \`swarmhub check\` tries it`,
        ),
    },
  );
