import { storageServer } from "../config/types.js";
import { UserError, exitCode } from "../errors.js";
import type { Facts, NetworkAddress } from "../host/facts.js";
import type { Host } from "../host/host.js";
import type { Cluster } from "./cluster.js";
import { isDockerInterface, networkOf } from "./ipv4.js";

/** A machine's facts, and the address that the other machines of the class use for it. */
type Machine = { facts: Facts; address: string };

/** The inspected machines of the class; throws for a host that is not one of them. */
export type Machines = (host: Host) => Machine;

/** Inspects all machines of the class in parallel. Hosts remember their facts, so a second call is cheap. */
export const inspectMachines = async (cluster: Cluster): Promise<Machines> => {
  const facts = new Map(
    await Promise.all(cluster.hosts.map(async (host) => [host, await host.facts()] as const)),
  );
  const addresses = addressesOf(cluster, facts);
  return (host) => {
    const [known, address] = [facts.get(host), addresses.get(host)];
    if (known === undefined || address === undefined)
      throw new Error(`${host.name} is not a machine of this class`);
    return { facts: known, address };
  };
};

type FactsOf = ReadonlyMap<Host, Facts>;

/**
 * Each machine's internal address: the configured one, else one in a network that all machines share, else that of the default
 * route. No external service is asked, since it would return the public address (moby#27647).
 */
export const addressesOf = (cluster: Cluster, facts: FactsOf): Map<Host, string> => {
  const configured = configuredAddresses(cluster);
  const shared = sharedNetwork(cluster.hosts, facts);
  return new Map(
    cluster.hosts.map((host) => {
      const interfaces = interfacesOf(host, facts);
      const wanted = configured.get(host.name);
      if (wanted !== undefined) {
        if (interfaces.some(({ address }) => address === wanted)) return [host, wanted];
        const actual = interfaces.map(({ address }) => address).join(", ");
        throw new UserError(
          `no network interface has the address ${wanted} (they have ${actual})`,
          {
            host: host.name,
            hint: `correct \`address\` of ${host.name} in the configuration`,
            code: exitCode.preflight,
          },
        );
      }
      const entry =
        interfaces.find((candidate) => networkOf(candidate) === shared) ??
        defaultInterface(host, facts);
      if (entry === undefined)
        throw new UserError("there is no IPv4 address that other machines can use", {
          host: host.name,
          code: exitCode.preflight,
        });
      return [host, entry.address];
    }),
  );
};

const configuredAddresses = ({ config }: Cluster): Map<string, string> => {
  const server = storageServer(config);
  const hosts = [config.manager, ...config.workers, ...(server === undefined ? [] : [server])];
  return new Map(
    hosts.flatMap(({ destination, address }) =>
      address === undefined ? [] : [[destination, address]],
    ),
  );
};

// Docker's bridges have the same addresses on every machine and connect none of them.
const interfacesOf = (host: Host, facts: FactsOf): NetworkAddress[] =>
  (facts.get(host)?.addresses ?? []).filter(
    ({ device }) => device !== "lo" && !isDockerInterface(device),
  );

const sharedNetwork = (hosts: readonly Host[], facts: FactsOf): string | undefined => {
  const [first] = hosts;
  if (first === undefined || hosts.length < 2) return undefined;
  return interfacesOf(first, facts)
    .map(networkOf)
    .find((network) => {
      const members = hosts.map((host) =>
        interfacesOf(host, facts).find((entry) => networkOf(entry) === network),
      );
      // A bridge of libvirt's, for example, is 192.168.122.1 on every machine and connects none of them.
      return (
        new Set(members.map((entry) => entry?.address)).size === hosts.length &&
        !members.includes(undefined)
      );
    });
};

const defaultInterface = (host: Host, facts: FactsOf): NetworkAddress | undefined => {
  const device = facts
    .get(host)
    ?.routes.find(({ destination }) => destination === "default")?.device;
  const interfaces = interfacesOf(host, facts);
  return interfaces.find((entry) => entry.device === device) ?? interfaces[0];
};
