import { storageServer } from "../config/types.js";
import { UserError, exitCode } from "../errors.js";
import type { Facts, NetworkAddress } from "../host/facts.js";
import type { Host } from "../host/host.js";
import type { Cluster } from "./cluster.js";
import { isDockers, networkOf } from "./ipv4.js";

/** A machine as it is: its facts, and the address by which the other machines of the class know it. */
type Machine = { facts: Facts; address: string };

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

type FactsOf = ReadonlyMap<Host, Facts>;

/**
 * The address of each machine that the others use: the one that the configuration gives, else one in a network that all
 * of them share, else that of the default route. Never asked of a service outside: that would be the public one (moby#27647).
 */
export const addressesOf = (cluster: Cluster, facts: FactsOf): Map<Host, string> => {
  const given = givenAddresses(cluster);
  const shared = sharedNetwork(cluster.hosts, facts);
  return new Map(
    cluster.hosts.map((host) => {
      const cards = cardsOf(host, facts);
      const wanted = given.get(host.name);
      if (wanted !== undefined) {
        if (cards.some(({ address }) => address === wanted)) return [host, wanted];
        const has = cards.map(({ address }) => address).join(", ");
        throw new UserError(`no network card has the address ${wanted} (they have ${has})`, {
          host: host.name,
          hint: `correct \`address\` of ${host.name} in the configuration`,
          code: exitCode.preflight,
        });
      }
      const card =
        cards.find((candidate) => networkOf(candidate) === shared) ?? defaultCard(host, facts);
      if (card === undefined)
        throw new UserError("there is no IPv4 address that other machines could use", {
          host: host.name,
          code: exitCode.preflight,
        });
      return [host, card.address];
    }),
  );
};

const givenAddresses = ({ config }: Cluster): Map<string, string> => {
  const server = storageServer(config);
  const hosts = [config.manager, ...config.workers, ...(server === undefined ? [] : [server])];
  return new Map(
    hosts.flatMap(({ destination, address }) =>
      address === undefined ? [] : [[destination, address]],
    ),
  );
};

// Docker's own bridges carry the same addresses on every machine; they connect nothing.
const cardsOf = (host: Host, facts: FactsOf): NetworkAddress[] =>
  (facts.get(host)?.addresses ?? []).filter(({ device }) => device !== "lo" && !isDockers(device));

const sharedNetwork = (hosts: readonly Host[], facts: FactsOf): string | undefined => {
  const [first] = hosts;
  if (first === undefined || hosts.length < 2) return undefined;
  return cardsOf(first, facts)
    .map(networkOf)
    .find((network) => {
      const inIt = hosts.map((host) =>
        cardsOf(host, facts).find((card) => networkOf(card) === network),
      );
      // A bridge of libvirt's, say, is 192.168.122.1 on every machine, and connects none of them.
      return (
        new Set(inIt.map((card) => card?.address)).size === hosts.length &&
        !inIt.includes(undefined)
      );
    });
};

const defaultCard = (host: Host, facts: FactsOf): NetworkAddress | undefined => {
  const device = facts
    .get(host)
    ?.routes.find(({ destination }) => destination === "default")?.device;
  const cards = cardsOf(host, facts);
  return cards.find((card) => card.device === device) ?? cards[0];
};
