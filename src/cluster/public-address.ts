import { isIPv4 } from "node:net";
import type { Config, HostConfig } from "../config/types.js";
import type { Cluster } from "./cluster.js";
import { type Machines, inspectMachines } from "./machines.js";

/**
 * The address to open in a browser without a domain: the manager's IPv4 address in the configuration, else its internal one.
 * Never a name: it may be an alias of ~/.ssh/config, and without a domain the edge serves only addresses.
 */
export const publicName = ({ destination }: HostConfig, address: string): string => {
  const name = destination
    .replace(/^ssh:\/\//, "")
    .replace(/^.*@/, "")
    .replace(/:\d+$/, "");
  return isIPv4(name) && !name.startsWith("127.") ? name : address;
};

/** What to know before users come with an iPad; undefined where all browsers work (jupyter/notebook#1744). */
export const safariSentence = ({ tls }: Config): string | undefined =>
  tls.kind === "self-signed"
    ? "Safari, and so every iPad and iPhone, cannot run notebooks with a self-signed certificate; for them, write a domain and `tls: letsencrypt`"
    : undefined;

/** The class's URL: "https://geo.example.org". */
export const classUrl = async (cluster: Cluster): Promise<string> =>
  classUrlOn(await inspectMachines(cluster), cluster);

/** The class's URL, from machines that are inspected already. */
export const classUrlOn = (machines: Machines, { config, manager }: Cluster): string => {
  const name = config.domain ?? publicName(config.manager, machines(manager).address);
  // With `tls: off` and trusted proxies, a proxy terminates TLS, so a domain is served over https.
  const isPlain =
    config.tls.kind === "off" &&
    (config.domain === undefined || config.tls.trustedProxies.length === 0);
  return `${isPlain ? "http" : "https"}://${name}`;
};
