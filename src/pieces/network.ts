import type { Cluster } from "../cluster/cluster.js";
import { poolRoutes } from "../cluster/docker-networks.js";
import { choosePool, isDockerInterface, overlap } from "../cluster/ipv4.js";
import { type Machines, inspectMachines } from "../cluster/machines.js";
import { UserError, exitCode } from "../errors.js";
import type { Host } from "../host/host.js";
import { labels, networkName } from "../names.js";
import type { Piece } from "../reconcile/piece.js";
import { type Network, overlayNetworks, userServices } from "../swarm/list.js";
import { createInSwarm } from "../swarm/retry.js";
import { encryptionOption, isEncrypted, remakeStep } from "./network/encryption.js";
import { formerNetworkIn, removeNetworkSteps } from "./shared/networks.js";

const encapsulation = 50;
// bytes that VXLAN adds to a packet
const mtuOption = "com.docker.network.driver.mtu";

/** `servers` is the number of users' servers, which use the network. */
type State = { machines: Machines; networks: readonly Network[]; servers: number };

/**
 * Creates the class's overlay network; its MTU is the smallest interface's minus VXLAN's overhead (moby#41406). Docker takes VXLAN's 50 bytes
 * off once more, and in an encrypted network 26 to 29 for ESP (SPI, sequence, IV, padding and its length, next header, ICV): maxMTU in
 * moby libnetwork/drivers/overlay/encryption.go.
 */
export const network: Piece<State> = {
  name: "network",
  inspect: async (cluster) => {
    const [machines, networks, servers] = await Promise.all([
      inspectMachines(cluster),
      overlayNetworks(cluster),
      userServices(cluster),
    ]);
    return { machines, networks, servers: servers.length };
  },
  plan: (want, { machines, networks, servers }, cluster) => {
    const name = networkName(want.name);
    const present = networks.find(({ Name }) => Name === name);
    const smallest = smallestInterface(machines, cluster);
    const mtu = smallest.mtu - encapsulation;
    const { encrypted } = want.swarm;
    if (present !== undefined) {
      refuseSmallMtu(present, smallest);
      for (const host of cluster.nodes) refuseOverlap(present, host, machines);
      if (isEncrypted(present) === encrypted) return [];
    }
    const { overlay } = choosePool(
      [...cluster.nodes.flatMap((host) => machines(host).facts.routes), ...poolRoutes(want)],
      networks.filter((each) => each !== present).flatMap(subnetsOf),
    );
    const create = (): Promise<void> =>
      createInSwarm(() =>
        cluster.manager.docker.createNetwork({
          Name: name,
          Driver: "overlay",
          Labels: { [labels.class]: want.name },
          Options: { [mtuOption]: String(mtu), ...encryptionOption(encrypted) },
          IPAM: { Driver: "default", Config: [{ Subnet: overlay }] },
        }),
      );
    if (present !== undefined) return [remakeStep(present, servers, cluster, create)];
    return [
      {
        host: cluster.manager,
        title: `create the overlay network ${name}`,
        detail: `${overlay}, MTU ${mtu}${encrypted ? ", encrypted" : ""}`,
        run: create,
      },
    ];
  },
  remove: ({ networks }, { config, manager }) => [
    ...removeNetworkSteps(
      networks.find(({ Name }) => Name === networkName(config.name)),
      manager,
    ),
    ...removeNetworkSteps(formerNetworkIn(networks, config.name), manager),
  ],
};

type Interface = { host: string; mtu: number };

const smallestInterface = (machines: Machines, { nodes }: Cluster): Interface =>
  nodes
    .map((host) => {
      const { facts, address } = machines(host);
      const mtu = facts.addresses.find((each) => each.address === address)?.mtu;
      return { host: host.name, mtu: mtu ?? 1500 };
    })
    .reduce((smallest, each) => (each.mtu < smallest.mtu ? each : smallest));

// The class's subnet was chosen by the routes of the machines of that time.
const refuseOverlap = (present: Network, host: Host, machines: Machines): void => {
  const routes = machines(host).facts.routes.filter(
    ({ destination, device }) => destination !== "default" && !isDockerInterface(device),
  );
  for (const subnet of subnetsOf(present))
    for (const { destination } of routes)
      if (overlap(subnet, destination))
        throw new UserError(
          `the route to ${destination} overlaps the class's overlay network ${subnet}, so users' servers would be unreachable`,
          {
            host: host.name,
            hint: "to choose another network and keep the homes: `swarmhub down`, then `swarmhub up` with that machine",
            code: exitCode.preflight,
          },
        );
};

const subnetsOf = ({ IPAM: ipam }: Network): string[] =>
  (ipam?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []);

// A network's MTU cannot be changed, and packets too large for an interface are dropped silently.
const refuseSmallMtu = ({ Options: options }: Network, { host, mtu }: Interface): void => {
  const has = Number(options?.[mtuOption] ?? 0);
  if (has <= mtu - encapsulation) return;
  throw new UserError(
    `the network interface has an MTU of ${mtu}, but the overlay network was created for ${has + encapsulation}: large packets would be dropped`,
    {
      host,
      hint: "to create it again and keep the homes: `swarmhub down`, then `swarmhub up`",
      code: exitCode.preflight,
    },
  );
};
