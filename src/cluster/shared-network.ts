import type { NetworkAddress } from "../host/facts.js";
import { contains, isPrivate, networkOf } from "./ipv4.js";

/** The usable addresses of a machine, without those of Docker, and its routes. */
export type Interfaces = {
  addresses: readonly NetworkAddress[];
  routes: readonly { destination: string; device: string }[];
};

/**
 * The address of each machine in a network that all share; undefined where there is none. Networks on cards of their own come before
 * private addresses beside a public one, and private networks before public ones, where everybody sees NFS and VXLAN.
 */
export const sharedAddresses = (machines: readonly Interfaces[]): string[] | undefined => {
  const [first] = machines;
  if (first === undefined || machines.length < 2) return undefined;
  const candidates = first.addresses
    .filter((entry) => !isAnchor(entry, first))
    .flatMap((entry) => networksOf(entry, first).map((network) => ({ network, entry })))
    .map(({ network, entry }) => ({ network, rank: rankOf(entry, first) }))
    .toSorted((one, other) => one.rank - other.rank);
  for (const { network } of candidates) {
    const found = machines.map(
      (machine) =>
        machine.addresses.find(
          (entry) => !isAnchor(entry, machine) && networksOf(entry, machine).includes(network),
        )?.address,
    );
    // A bridge of libvirt's, for example, is 192.168.122.1 on every machine and connects none of them.
    const known = found.filter((address) => address !== undefined);
    if (new Set(known).size === machines.length) return known;
  }
  return undefined;
};

/** A machine's networks at an address: its own, and those routed over its card (Hetzner: a /32 in a routed 10.0.0.0/16). */
const networksOf = (entry: NetworkAddress, { routes }: Interfaces): string[] => [
  networkOf(entry),
  ...routes
    .filter(
      ({ destination, device }) =>
        device === entry.device &&
        destination.includes("/") &&
        destination !== networkOf(entry) &&
        contains(destination, entry.address),
    )
    .map(({ destination }) => destination),
];

const rankOf = (entry: NetworkAddress, machine: Interfaces): number => {
  if (!isPrivate(entry.address)) return 2;
  return isBesidePublic(entry, machine) ? 1 : 0;
};

const isBesidePublic = ({ device }: NetworkAddress, { addresses }: Interfaces): boolean =>
  addresses.some((other) => other.device === device && !isPrivate(other.address));

/** DigitalOcean's anchor address: all droplets have one in the same network, and none reaches another by it. */
const isAnchor = (entry: NetworkAddress, machine: Interfaces): boolean =>
  entry.prefix === 16 && /^10\.1\d\./.test(entry.address) && isBesidePublic(entry, machine);
