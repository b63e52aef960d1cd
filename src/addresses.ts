import type { Cluster } from "./cluster.js";
import { storageServer } from "./config.js";
import { exitCode, UserError } from "./errors.js";
import type { Facts, NetworkAddress } from "./facts.js";
import type { Host } from "./host.js";

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
        throw new UserError(
          `${host.name} has no network card with the address ${wanted} (it has ${has})`,
          `correct \`address\` of ${host.name} in the configuration`,
          exitCode.preflight,
        );
      }
      const card =
        cards.find((candidate) => networkOf(candidate) === shared) ?? defaultCard(host, facts);
      if (card === undefined)
        throw new UserError(
          `${host.name} has no IPv4 address that other machines could use`,
          undefined,
          exitCode.preflight,
        );
      return [host, card.address];
    }),
  );
};

/** An IPv4 network as "10.77.0.0/24", from an address in it. */
export const networkOf = ({ address, prefix }: { address: string; prefix: number }): string =>
  `${textOf(maskOf(prefix, numberOf(address)))}/${prefix}`;

/** Whether two IPv4 networks ("10.77.0.0/24") have an address in common. */
export const overlap = (one: string, other: string): boolean => {
  const [first, second] = [parse(one), parse(other)];
  const prefix = Math.min(first.prefix, second.prefix);
  return maskOf(prefix, first.number) === maskOf(prefix, second.number);
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

/** Whether a network card is one that Docker made: a bridge, or a container's end of a cable. */
export const isDockers = (device: string): boolean =>
  /^(docker0|docker_gwbridge|br-[0-9a-f]{12}|veth[0-9a-f]{7})$/.test(device);

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

const parse = (network: string): { number: number; prefix: number } => {
  const [address = "", prefix = "32"] = network.split("/");
  return { number: numberOf(address), prefix: Number(prefix) };
};

const numberOf = (address: string): number =>
  address.split(".").reduce((number, part) => ((number << 8) | Number(part)) >>> 0, 0);

const maskOf = (prefix: number, number: number): number =>
  prefix === 0 ? 0 : (number & (0xffffffff << (32 - prefix))) >>> 0;

const textOf = (number: number): string =>
  [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
