import { storageServer } from "../config/types.js";
import { UserError, exitCode } from "../errors.js";
import type { Facts, NetworkAddress } from "../host/facts.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";
import type { Cluster } from "./cluster.js";
import { isDockerInterface } from "./ipv4.js";
import { sharedAddresses } from "./shared-network.js";

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
 * Each machine's internal address: the configured one, else one in a network that all machines share, private ones first, else that
 * of the default route. No external service is asked, since it would return the public address (moby#27647).
 */
export const addressesOf = (cluster: Cluster, facts: FactsOf): Map<Host, string> => {
  const configured = configuredAddresses(cluster);
  const shared = sharedOf(cluster.hosts, facts);
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
      const address = shared.get(host) ?? defaultInterface(host, facts)?.address;
      if (address === undefined)
        throw new UserError("there is no IPv4 address that other machines can use", {
          host: host.name,
          code: exitCode.preflight,
        });
      return [host, address];
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

/** Each machine's address in the network that all share. A class that is up keeps its addresses, which Swarm has. */
const sharedOf = (hosts: readonly Host[], facts: FactsOf): Map<Host, string> => {
  const noted = notedAddresses(hosts, facts);
  const kept = (host: Host): NetworkAddress[] => {
    const all = interfacesOf(host, facts);
    const known = all.filter(({ address }) => noted.has(address));
    return known.length > 0 ? known : all;
  };
  const found = sharedAddresses(
    hosts.map((host) => ({ addresses: kept(host), routes: facts.get(host)?.routes ?? [] })),
  );
  return new Map(
    hosts.flatMap((host, index) => {
      const [only, ...others] = kept(host);
      const address =
        found?.[index] ??
        (only !== undefined && others.length === 0 && noted.has(only.address)
          ? only.address
          : undefined);
      return address === undefined ? [] : [[host, address] as const];
    }),
  );
};

/** The addresses between which the firewall of a running class is open. */
const notedAddresses = ([manager]: readonly Host[], facts: FactsOf): Set<string> => {
  const rules = manager && facts.get(manager)?.files[paths.firewall];
  return new Set(
    [...(rules ?? "").matchAll(/ -s (\d+(?:\.\d+){3})\/32 -j RETURN$/gm)].flatMap(
      ([, address]) => address ?? [],
    ),
  );
};

const defaultInterface = (host: Host, facts: FactsOf): NetworkAddress | undefined => {
  const device = facts
    .get(host)
    ?.routes.find(({ destination }) => destination === "default")?.device;
  const interfaces = interfacesOf(host, facts);
  return interfaces.find((entry) => entry.device === device) ?? interfaces[0];
};
