import type { Host } from "../../host.js";
import { within } from "../within.js";
import type { Answer } from "./registry.js";

const patience = 10_000; // milliseconds

/** What a machine's own Docker is told by the registry, through its mirrors and with its authorities; undefined without a Docker or a clear word. */
export const askThroughDocker = async (host: Host, image: string): Promise<Answer | undefined> => {
  const { units } = await host.facts();
  if (units["docker.service"] !== "active") return undefined;
  const asked = host.docker
    .getImage(image)
    .distribution()
    .then((): Answer => ({ kind: "there", registry: "its registry", words: "" }), refusedBy);
  return within(patience, asked);
};

// The status is 500 also for what a registry refused in so many words, and for one that cannot be reached.
const refusal =
  /manifest unknown|name unknown|: not found|denied: |unauthorized|authentication required/i;

const refusedBy = (error: Error & { json?: { message?: string } }): Answer | undefined => {
  const words = error.json?.message ?? error.message;
  return refusal.test(words) ? { kind: "refused", registry: "its registry", words } : undefined;
};
