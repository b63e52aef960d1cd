import { isPrivate } from "../cluster/ipv4.js";
import type { Machines } from "../cluster/machines.js";
import type { Cluster } from "../cluster/cluster.js";
import { inspectChangedAddresses } from "../swarm/changed-addresses.js";
import type { Check, Finding } from "./check.js";

/** The machines reach each other at private addresses, as NFS and the overlay network are not encrypted, and at those that Swarm knows. */
export const addresses: Check = {
  name: "addresses",
  run: async ({ cluster, machines }) => [
    ...publicAddresses(cluster, machines),
    ...(await inspectChangedAddresses(cluster, machines)).map(({ host, text, hint }): Finding => ({
      host: host.name,
      level: "warning",
      text,
      hint,
    })),
  ],
};

const publicAddresses = (cluster: Cluster, machines: Machines): Finding[] => {
  if (cluster.hosts.length < 2) return [];
  const open = cluster.hosts.filter((host) => !isPrivate(machines(host).address));
  const [first] = open;
  if (first === undefined) return [];
  const { encrypted } = cluster.config.swarm;
  const isStored = cluster.config.storage.kind === "persistent";
  if (encrypted && !isStored) return [];
  const list = open.map((host) => `${host.name} (${machines(host).address})`).join(", ");
  return [
    {
      level: "warning",
      text: `the other machines reach ${list} at a public address: ${contentText(isStored, encrypted)} cross that network unencrypted, so whoever can read its packets can read and change them`,
      hint: `give the machines a private network; if they have one, write its address: \`{host: ${first.name}, address: 10.0.0.5}\`${encrypted ? "" : `; without one, \`swarm: {encrypted: true}\` encrypts ${isStored ? "all but the homes" : "it"}`}`,
    },
  ];
};

/** What is read and changed on the way. The homes are mounted by the machines themselves, so they are not in the overlay network. */
const contentText = (isStored: boolean, isEncrypted: boolean): string =>
  [
    ...(isStored ? ["homes (NFS)"] : []),
    ...(isEncrypted ? [] : ["everything that users' servers and the hub exchange"]),
  ].join(" and ");
