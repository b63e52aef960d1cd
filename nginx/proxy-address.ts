import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import type { EdgeSettings } from "../contracts/edge-settings.js";

/** Where the proxy is, "172.18.0.3:8000"; none where its name leads nowhere. Throws where nobody can be asked. */
export const proxyServers = async ({
  upstream,
  resolver,
}: Pick<EdgeSettings, "upstream" | "resolver">): Promise<string[]> => {
  const [host = "", port = ""] = upstream.split(":");
  if (isIP(host) !== 0) return [upstream];
  // A new one each time: c-ares may keep answers, and Docker's are good for ten minutes by their own word.
  const names = new Resolver({ timeout: 1000, tries: 2 });
  names.setServers([resolver]);
  const addresses = await names.resolve4(host).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ETIMEOUT" || error.code === "ECONNREFUSED") throw error;
    return [];
  });
  return addresses
    .toSorted((one, other) => one.localeCompare(other))
    .map((address) => `${address}:${port}`);
};

/** Looks every two seconds, and calls `moved` for as long as the proxy is elsewhere than `known` says. */
export const followProxy = (
  settings: () => EdgeSettings,
  known: () => readonly string[],
  moved: () => Promise<unknown>,
): void => {
  const look = async (): Promise<void> => {
    const found = await proxyServers(settings());
    if (found.join() !== known().join()) await moved();
  };
  const later = (): void => {
    // What goes wrong here goes wrong at the next look too, and nginx says it to who asks.
    setTimeout(
      () =>
        void look()
          .catch(() => {})
          .finally(later),
      2000,
    ).unref();
  };
  later();
};
