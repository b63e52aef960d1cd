import { isIPv4 } from "node:net";
import type { HostConfig } from "./config.js";

/**
 * What a browser is told to open where there is no domain: the manager's address as the operator reaches it, or its own.
 * Never a name: it may be an alias of ~/.ssh/config, and without a domain the edge answers to addresses alone.
 */
export const publicName = ({ destination }: HostConfig, address: string): string => {
  const name = destination
    .replace(/^ssh:\/\//, "")
    .replace(/^.*@/, "")
    .replace(/:\d+$/, "");
  return isIPv4(name) && !name.startsWith("127.") ? name : address;
};
