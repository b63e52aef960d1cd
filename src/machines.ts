import { addressesOf } from "./addresses.js";
import type { Cluster } from "./cluster.js";
import type { Facts } from "./facts.js";
import type { Host } from "./host.js";

/** A machine as it is: its facts, and the address by which the other machines of the class know it. */
export type Machine = { facts: Facts; address: string };

/** Every machine of the class, looked at; throws where one has no answer. */
export type Machines = (host: Host) => Machine;

/** Looks at every machine of the class, side by side. Facts are remembered by their host, so this is cheap the second time. */
export const inspectMachines = async (cluster: Cluster): Promise<Machines> => {
  const facts = new Map(
    await Promise.all(cluster.hosts.map(async (host) => [host, await host.facts()] as const)),
  );
  const addresses = addressesOf(cluster, facts);
  return (host) => {
    const [known, address] = [facts.get(host), addresses.get(host)];
    if (known === undefined || address === undefined)
      throw new Error(`${host.name} is no machine of this class`);
    return { facts: known, address };
  };
};
