import type { Wanted } from "../../src/pieces/firewall/rules.js";

/** What the firewall of a machine without services of our own is wanted for, where users' servers reach every network. */
export const firewallWanted = (
  addresses: readonly string[],
  changes: Partial<Wanted> = {},
): Wanted => ({
  addresses,
  isEncrypted: false,
  isNfsShared: false,
  users: { access: "open", except: [], pages: ["10.77.0.11"] },
  services: [],
  ...changes,
});
