import { isIPv4 } from "node:net";
import { machineOf } from "../config/host.js";
import type { Check } from "./check.js";
import { within } from "./within.js";

const patience = 5000; // milliseconds for a name server

/** The domain leads to the manager. A certificate of our own is made without it, so that this is a warning. */
export const domain: Check = {
  name: "domain",
  run: async ({ cluster, machines, world }) => {
    const { config, manager } = cluster;
    if (config.domain === undefined) return [];
    const { facts, address } = machines(manager);
    const [leadsTo = [], named = []] = await Promise.all([
      within(patience, world.lookup(config.domain)),
      within(patience, world.lookup(nameIn(config.manager.destination))),
    ]);
    // At its own name a machine often finds only itself.
    const reachedAt = named.filter((one) => !/^127\.|^::1$/.test(one));
    const own = [
      ...new Set([...reachedAt, address, ...facts.addresses.map((card) => card.address)]),
    ];
    if (leadsTo.some((one) => own.includes(one)))
      return [{ level: "ok", text: `${config.domain} leads to ${manager.name}` }];
    const where =
      leadsTo.length === 0 ? "is a name that leads nowhere" : `leads to ${leadsTo.join(", ")}`;
    return [
      {
        level: "warning",
        text: `${config.domain} ${where}, and ${manager.name} has ${own.join(", ")}`,
        cure: `at your name provider: an A record of ${config.domain} with ${reachedAt.find(isIPv4) ?? address}; browsers find the class only then`,
      },
    ];
  },
};

/** How the operator reaches a machine; where that is an alias of ~/.ssh/config, nobody knows the name. */
const nameIn = (destination: string): string => machineOf(destination).replace(/:\d+$/, "");
