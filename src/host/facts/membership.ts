import { X509Certificate } from "node:crypto";
import { isIPv4 } from "node:net";
import type { Membership } from "../facts.js";

/** Where Docker keeps the certificate of a node of a Swarm; its common name is the node's id. */
export const nodeCertificate = "/var/lib/docker/swarm/certificates/swarm-node.crt";

/** Where Docker keeps what it was told when the node was made: its addresses, and no secret. */
export const nodeState = "/var/lib/docker/swarm/docker-state.json";

/**
 * A machine's membership of a Swarm, from the Swarm header in Docker Engine's answer to a ping ("active/worker") and
 * from its certificate and its state: `info` has the same, but starts six processes. Undefined where these are incomplete.
 */
export const membershipFrom = (
  header: string,
  certificate: string,
  savedState = "",
): Membership | undefined => {
  const [state = "", role] = header.split("/");
  if (!isState(state)) return undefined;
  const nodeId = state === "active" ? nodeIdIn(certificate) : "";
  if (nodeId === undefined) return undefined;
  const address = state === "inactive" ? undefined : addressIn(savedState);
  return { state, nodeId, manages: role === "manager", ...(address !== undefined && { address }) };
};

/** The address that the other nodes use for it. */
const addressIn = (savedState: string): string | undefined => {
  try {
    const { AdvertiseAddr: address } = JSON.parse(savedState) as { AdvertiseAddr?: unknown };
    return addressWithout(address);
  } catch {
    return undefined;
  }
};

/** An IPv4 address without its port. */
export const addressWithout = (address: unknown): string | undefined => {
  const host = String(address).replace(/:\d+$/, "");
  return isIPv4(host) ? host : undefined;
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
