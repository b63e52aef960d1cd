import type { Cluster } from "../cluster/cluster.js";
import type { Docker } from "../docker/client.js";
import type { Membership } from "../host/facts.js";
import { addressWithout } from "../host/facts/membership.js";
import type { Host } from "../host/host.js";

/** Reads a host's membership from its Docker; a machine without Docker is in no Swarm. */
export const inspectMember = async (host: Host): Promise<Membership> => {
  const { units } = await host.facts();
  if (units["docker.service"] !== "active") return noMembership;
  const { Swarm: swarm } = (await host.docker.info()) as {
    Swarm?: {
      LocalNodeState?: Membership["state"];
      NodeID?: string;
      ControlAvailable?: boolean;
      NodeAddr?: string;
    };
  };
  const address = addressWithout(swarm?.NodeAddr);
  return {
    state: swarm?.LocalNodeState ?? "inactive",
    nodeId: swarm?.NodeID ?? "",
    manages: swarm?.ControlAvailable ?? false,
    ...(address !== undefined && { address }),
  };
};

/** The same from the facts, else from Docker and remembered, since half of the pieces need it. */
export const memberOf = async (host: Host): Promise<Membership> =>
  (await host.facts()).membership ?? host.remember("membership", () => inspectMember(host));

/** The membership of a machine in no Swarm. */
export const noMembership: Membership = { state: "inactive", nodeId: "", manages: false };

/** The manager's Docker if it is a running Swarm manager, else undefined; then nothing of ours can exist in a Swarm. */
export const managerDocker = async ({ manager }: Cluster): Promise<Docker | undefined> =>
  (await memberOf(manager)).manages ? manager.docker : undefined;
