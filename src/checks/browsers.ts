import { isPrivate } from "../cluster/ipv4.js";
import { shownUrl } from "../cluster/public-address.js";
import type { Check } from "./check.js";

/** Says at which address browsers reach the class. A private one is right on a campus, and wrong behind NAT: only people know. */
export const browsers: Check = {
  name: "browsers",
  run: async ({ cluster, machines }) => {
    const url = shownUrl(machines, cluster);
    const { domain, publicAddress } = cluster.config;
    const isUnsure =
      domain === undefined && publicAddress === undefined && isPrivate(new URL(url).hostname);
    const rest = isUnsure
      ? "; if they need another address, as behind NAT or a jump host, write it as public-address"
      : "";
    return [{ level: "ok", text: `browsers reach the class at ${url}${rest}` }];
  },
};
