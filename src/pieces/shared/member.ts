import type { Host } from "../../host.js";

/** A machine's own word on the Swarm; `pending` and `error` are half-way in. */
export type Member = {
  state: "inactive" | "pending" | "active" | "error" | "locked";
  nodeId: string;
  manages: boolean;
};

/** Asks a host's Docker now; a machine without one is in no Swarm. */
export const lookAtMember = async (host: Host): Promise<Member> => {
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

/** The same, asked once until something changes there: half of the pieces want to know. */
export const memberOf = (host: Host): Promise<Member> =>
  host.remember("its part in the Swarm", () => lookAtMember(host));

/** What a machine is that is in no Swarm. */
export const outside: Member = { state: "inactive", nodeId: "", manages: false };
