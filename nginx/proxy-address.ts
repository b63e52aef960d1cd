import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import type { EdgeSettings } from "../contracts/edge-settings.js";

/** The proxy's addresses, such as "172.18.0.3:8000"; none where its name does not resolve. Throws where the DNS server does not answer. */
export const resolveProxy = async ({
  upstream,
  resolver,
}: Pick<EdgeSettings, "upstream" | "resolver">): Promise<string[]> => {
  const [host = "", port = ""] = upstream.split(":");
  if (isIP(host) !== 0) return [upstream];
  // A new one each time: c-ares may cache answers, and Docker gives its own a lifetime of ten minutes.
  const dns = new Resolver({ timeout: 1000, tries: 2 });
  dns.setServers([resolver]);
  const addresses = await dns.resolve4(host).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ETIMEOUT" || error.code === "ECONNREFUSED") throw error;
    return [];
  });
  return addresses
    .toSorted((one, other) => one.localeCompare(other))
    .map((address) => `${address}:${port}`);
};

/** Resolves the proxy every two seconds, and calls `moved` as long as the addresses differ from `known`. */
export const followProxy = (
  settings: () => EdgeSettings,
  known: () => readonly string[],
  moved: () => Promise<unknown>,
): void => {
  const poll = async (): Promise<void> => {
    const found = await resolveProxy(settings());
    if (found.join() !== known().join()) await moved();
  };
  const pollLater = (): void => {
    // A failure here is not reported: it recurs at the next poll, and nginx answers requests with an error meanwhile.
    setTimeout(
      () =>
        void poll()
          .catch(() => {})
          .finally(pollLater),
      2000,
    ).unref();
  };
  pollLater();
};
