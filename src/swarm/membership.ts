import type { Cluster } from "../cluster/cluster.js";
import type { Docker } from "../docker/client.js";
import type { Membership } from "../host/facts.js";
import type { Host } from "../host/host.js";

/** A machine's own word on the Swarm. */
export type Member = Membership;

/** Asks a host's Docker now; a machine without one is in no Swarm. */
export const inspectMember = async (host: Host): Promise<Member> => {
  const { units } = await host.facts();
  if (units["docker.service"] !== "active") return outside;
  const { Swarm: swarm } = (await host.docker.info()) as {
    Swarm?: { LocalNodeState?: Member["state"]; NodeID?: string; ControlAvailable?: boolean };
  };
  return {
    state: swarm?.LocalNodeState ?? "inactive",
    nodeId: swarm?.NodeID ?? "",
    manages: swarm?.ControlAvailable ?? false,
  };
};

/** The same from the facts, and where they do not know asked once until something changes there: half of the pieces want it. */
export const memberOf = async (host: Host): Promise<Member> =>
  (await host.facts()).membership ??
  host.remember("its part in the Swarm", () => inspectMember(host));

/** What a machine is that is in no Swarm. */
export const outside: Member = { state: "inactive", nodeId: "", manages: false };

/** The manager's Docker where it runs and is a Swarm manager, else undefined: nothing of ours can be there then. */
export const managerDocker = async ({ manager }: Cluster): Promise<Docker | undefined> =>
  (await memberOf(manager)).manages ? manager.docker : undefined;
