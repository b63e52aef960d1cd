import { isIPv4 } from "node:net";
import type { Config } from "../config/types.js";
import type { Cluster } from "./cluster.js";
import { type Machines, inspectMachines } from "./machines.js";

/**
 * The address to open in a browser without a domain: that of the configuration (`public-address`, else the manager's IPv4 address),
 * else the manager's internal one. Never a name: it may be an alias of ~/.ssh/config, and without a domain the edge serves only
 * addresses.
 */
export const publicName = ({ publicAddress, manager }: Addressed, address: string): string => {
  if (publicAddress !== undefined) return publicAddress;
  const name = manager.destination
    .replace(/^ssh:\/\//, "")
    .replace(/^.*@/, "")
    .replace(/:\d+$/, "");
  return isIPv4(name) && !name.startsWith("127.") ? name : address;
};

type Addressed = Pick<Config, "publicAddress" | "manager">;

/** What to know before users come with an iPad; undefined where all browsers work (jupyter/notebook#1744). */
export const safariSentence = ({ tls }: Config): string | undefined =>
  tls.kind === "self-signed"
    ? "Safari, and so every iPad and iPhone, cannot run notebooks with a self-signed certificate; for them, write a domain and `tls: letsencrypt`"
    : undefined;

/**
 * The same for people: a manager that is named by an alias or a DNS name, or is behind NAT, is shown as the operator reaches it. The
 * edge does not get that, since two operators may reach it at different addresses.
 */
export const shownName = (config: Addressed, address: string, reachedAt = ""): string => {
  const name = publicName(config, address);
  const isInternal = name === address && config.publicAddress === undefined;
  return isInternal && isIPv4(reachedAt) && !reachedAt.startsWith("127.") ? reachedAt : name;
};

/** The class's URL as the operator reaches it: "https://geo.example.org". */
export const classUrl = async (cluster: Cluster): Promise<string> =>
  shownUrl(await inspectMachines(cluster), cluster);

/** The same where the machines are known. */
export const shownUrl = (machines: Machines, { config, manager }: Cluster): string =>
  urlOf(config, shownName(config, machines(manager).address, manager.reachedAt));

/** The class's URL for the hub, the same for each operator. */
export const classUrlOn = (machines: Machines, { config, manager }: Cluster): string =>
  urlOf(config, publicName(config, machines(manager).address));

const urlOf = ({ domain, tls }: Config, address: string): string => {
  // With `tls: off` and trusted proxies, a proxy terminates TLS, so a domain is served over https.
  const isPlain = tls.kind === "off" && (domain === undefined || tls.trustedProxies.length === 0);
  return `${isPlain ? "http" : "https"}://${domain ?? address}`;
};
