import { isIPv4 } from "node:net";
import { namesOf } from "../config/types.js";
import { machineOf } from "../config/values/destination.js";
import { isAskedThere } from "./certificate.js";
import { type Check, type Finding, withTimeout } from "./check.js";

const patience = 5000;
// milliseconds for a name server

/** Each name leads to the manager. The class is served by its address and with a certificate of our own as well, so that this is a warning. */
export const domain: Check = {
  name: "domain",
  run: async ({ cluster, machines, operator }) => {
    const { config, manager } = cluster;
    const names = namesOf(config);
    if (names.length === 0) return [];
    const { facts, address } = machines(manager);
    const lookup = async (name: string) =>
      (await withTimeout(patience, operator.lookup(name))) ?? [];
    const [named, ...all] = await Promise.all([
      lookup(nameIn(config.manager.destination)),
      ...names.map(lookup),
    ]);
    // At its own name a machine often finds only itself.
    const reachedAt = named.filter((one) => !/^127\.|^::1$/.test(one));
    const own = [
      ...new Set([...reachedAt, address, ...facts.addresses.map((card) => card.address)]),
    ];
    const needed = isAskedThere(config.tls)
      ? `until then ${config.tls.authority} gives no certificate`
      : "browsers find the class only then";
    return names.map((name, index): Finding => {
      const leadsTo = all[index] ?? [];
      if (leadsTo.some((one) => own.includes(one)))
        return { level: "ok", text: `${name} leads to ${manager.name}` };
      const where =
        leadsTo.length === 0 ? "is a name that leads nowhere" : `leads to ${leadsTo.join(", ")}`;
      return {
        level: "warning",
        text: `${name} ${where}, and ${manager.name} has ${own.join(", ")}`,
        hint: `at your name provider: an A record of ${name} with ${reachedAt.find(isIPv4) ?? address}; ${needed}`,
      };
    });
  },
};

/** How the operator reaches a machine; where that is an alias of ~/.ssh/config, nobody knows the name. */
const nameIn = (destination: string): string => machineOf(destination).replace(/:\d+$/, "");
