import { X509Certificate } from "node:crypto";
import type { Membership } from "../facts.js";

/** Where Docker keeps the certificate by which a node is known in its Swarm; its name there is the node's id. */
export const nodeCertificate = "/var/lib/docker/swarm/certificates/swarm-node.crt";

/**
 * A machine's part in a Swarm, from the word that Docker Engine adds to its answer to a ping ("active/worker") and from
 * its certificate: its `info` says the same, but starts six processes for it. Undefined where they do not say it all.
 */
export const membershipFrom = (word: string, certificate: string): Membership | undefined => {
  const [state = "", role] = word.split("/");
  if (!isState(state)) return undefined;
  const nodeId = state === "active" ? nodeIdIn(certificate) : "";
  return nodeId === undefined ? undefined : { state, nodeId, manages: role === "manager" };
};

const states: readonly string[] = ["inactive", "pending", "active", "error", "locked"];
const isState = (word: string): word is Membership["state"] => states.includes(word);

const nodeIdIn = (certificate: string): string | undefined => {
  try {
    return /^CN=([a-z0-9]+)$/m.exec(new X509Certificate(certificate).subject)?.[1];
  } catch {
    return undefined;
  }
};
