import { randomBytes } from "node:crypto";
import { isIPv4 } from "node:net";
import { namesOf } from "../config/types.js";
import { machineOf } from "../config/values/destination.js";
import { usesHttpChallenge } from "./certificate.js";
import { type Check, type Finding, withTimeout } from "./check.js";

/** Milliseconds for a name server. */
const timeout = 5000;

/** Each name points to the manager. Only a warning: the class is also served by its address, with a self-signed certificate. */
export const domain: Check = {
  name: "domain",
  run: async ({ cluster, machines, operator }) => {
    const { config, manager } = cluster;
    const names = namesOf(config);
    if (names.length === 0) return [];
    const { facts, address } = machines(manager);
    const lookup = async (name: string) =>
      (await withTimeout(timeout, operator.lookup(anyNameOf(name)))) ?? [];
    const [named, ...all] = await Promise.all([
      lookup(nameIn(config.manager.destination)),
      ...names.map(lookup),
    ]);
    // A machine often resolves its own name to a loopback address.
    const reachedAt = named.filter((one) => !/^127\.|^::1$/.test(one));
    const given = config.publicAddress === undefined ? [] : [config.publicAddress];
    const own = [
      ...new Set([...given, ...reachedAt, address, ...facts.addresses.map((card) => card.address)]),
    ];
    const consequence = usesHttpChallenge(config.tls)
      ? `until then ${config.tls.authority} issues no certificate`
      : "until then browsers do not find the class";
    return names.map((name, index): Finding => {
      const found = all[index] ?? [];
      if (found.some((one) => own.includes(one)))
        return { level: "ok", text: `${name} points to ${manager.name}` };
      const where = found.length === 0 ? "does not resolve" : `points to ${found.join(", ")}`;
      return {
        level: "warning",
        text: `${name} ${where}, and ${manager.name} has ${own.join(", ")}`,
        hint: `at your DNS provider, set the A record of ${name} to ${given[0] ?? reachedAt.find(isIPv4) ?? address}; ${isWildcard(name) ? "until then browsers do not find users' servers" : consequence}`,
      };
    });
  },
};

/** The name by which the operator reaches a machine; an alias of ~/.ssh/config does not resolve. */
const nameIn = (destination: string): string => machineOf(destination).replace(/:\d+$/, "");

const isWildcard = (name: string): boolean => name.startsWith("*.");

/** For "*.geo.example.org" a name below it that nobody can have made a record for. */
const anyNameOf = (name: string): string =>
  isWildcard(name) ? name.replace("*", `swarmhub-${randomBytes(4).toString("hex")}`) : name;
