import { isIPv4 } from "node:net";
import type { HostConfig } from "../config/types.js";
import type { Cluster } from "./cluster.js";
import { inspectMachines } from "./machines.js";

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

/** What a person types into a browser: "https://geo.example.org". */
export const addressOf = async (cluster: Cluster): Promise<string> => {
  const { config, manager } = cluster;
  const machines = await inspectMachines(cluster);
  const name = config.domain ?? publicName(config.manager, machines(manager).address);
  // Behind something that does TLS, and says so by being trusted, a name is found by https.
  const isPlain =
    config.tls.kind === "off" &&
    (config.domain === undefined || config.tls.trustedProxies.length === 0);
  return `${isPlain ? "http" : "https"}://${name}`;
};
