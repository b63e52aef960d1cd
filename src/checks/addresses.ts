import { isPrivate } from "../cluster/ipv4.js";
import type { Check } from "./check.js";

/** The machines reach each other at private addresses: NFS and the overlay network are not encrypted. */
export const addresses: Check = {
  name: "addresses",
  run: async ({ cluster, machines }) => {
    if (cluster.hosts.length < 2) return [];
    const open = cluster.hosts.filter((host) => !isPrivate(machines(host).address));
    const [first] = open;
    if (first === undefined) return [];
    const list = open.map((host) => `${host.name} (${machines(host).address})`).join(", ");
    return [
      {
        level: "warning",
        text: `the other machines reach ${list} at a public address: homes (NFS) and everything that users' servers and the hub exchange cross that network unencrypted, so whoever can read its packets can read and change them`,
        hint: `give the machines a private network; if they have one, write its address: \`{host: ${first.name}, address: 10.0.0.5}\``,
      },
    ];
  },
};
