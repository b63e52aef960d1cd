import { X509Certificate } from "node:crypto";
import type { Membership } from "../facts.js";

/** Where Docker keeps the certificate of a node of a Swarm; its common name is the node's id. */
export const nodeCertificate = "/var/lib/docker/swarm/certificates/swarm-node.crt";

/**
 * A machine's membership of a Swarm, from the Swarm header in Docker Engine's answer to a ping ("active/worker") and
 * from its certificate: `info` has the same, but starts six processes. Undefined where these are incomplete.
 */
export const membershipFrom = (header: string, certificate: string): Membership | undefined => {
  const [state = "", role] = header.split("/");
  if (!isState(state)) return undefined;
  const nodeId = state === "active" ? nodeIdIn(certificate) : "";
  return nodeId === undefined ? undefined : { state, nodeId, manages: role === "manager" };
};

const states: readonly string[] = ["inactive", "pending", "active", "error", "locked"];
const isState = (text: string): text is Membership["state"] => states.includes(text);

const nodeIdIn = (certificate: string): string | undefined => {
  try {
    return /^CN=([a-z0-9]+)$/m.exec(new X509Certificate(certificate).subject)?.[1];
  } catch {
    return undefined;
  }
};
