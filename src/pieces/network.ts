import type { Cluster } from "../cluster/cluster.js";
import { choosePool, isDockers, overlap } from "../cluster/ipv4.js";
import { type Machines, inspectMachines } from "../cluster/machines.js";
import { ifExists } from "../docker/client.js";
import { UserError, exitCode } from "../errors.js";
import type { Host } from "../host/host.js";
import { networkName } from "../names.js";
import type { Piece } from "../reconcile/piece.js";
import { managerDocker } from "../swarm/membership.js";
import { removeWhenUnused } from "../swarm/retry.js";

const encapsulation = 50;
// bytes that VXLAN puts around a packet
const mtuOption = "com.docker.network.driver.mtu";

/** A network as the Docker API answers it; the part that we read. */
type Network = {
  Options?: Record<string, string> | null;
  IPAM?: { Config?: { Subnet?: string }[] | null };
};
type State = { machines: Machines; present: Network | undefined };

/** One overlay network for the class; its MTU is the smallest card's less what VXLAN adds (moby#41406). */
export const network: Piece<State> = {
  name: "network",
  inspect: async (cluster) => {
    const [docker, machines] = await Promise.all([
      managerDocker(cluster),
      inspectMachines(cluster),
    ]);
    const present =
      docker && (await ifExists(docker.getNetwork(networkName).inspect() as Promise<Network>));
    return { machines, present };
  },
  plan: (want, { machines, present }, cluster) => {
    const smallest = smallestCard(machines, cluster);
    const mtu = smallest.mtu - encapsulation;
    if (present !== undefined) {
      refuseTooBig(present, smallest);
      for (const host of cluster.nodes) refuseOverlap(present, host, machines);
      return [];
    }
    const { overlay } = choosePool(cluster.nodes.flatMap((host) => machines(host).facts.routes));
    return [
      {
        host: cluster.manager,
        title: `create the overlay network ${networkName}`,
        detail: `${overlay}, MTU ${mtu}`,
        run: () =>
          cluster.manager.docker.createNetwork({
            Name: networkName,
            Driver: "overlay",
            Labels: { "swarmhub.class": want.name },
            Options: { [mtuOption]: String(mtu) },
            IPAM: { Driver: "default", Config: [{ Subnet: overlay }] },
          }),
      },
    ];
  },
  remove: ({ present }, { manager }) =>
    present === undefined
      ? []
      : [
          {
            host: manager,
            title: `remove the overlay network ${networkName}`,
            run: () => removeWhenUnused(() => manager.docker.getNetwork(networkName).remove()),
          },
        ],
};

type Card = { host: string; mtu: number };

const smallestCard = (machines: Machines, { nodes }: Cluster): Card =>
  nodes
    .map((host) => {
      const { facts, address } = machines(host);
      const card = facts.addresses.find((each) => each.address === address);
      return { host: host.name, mtu: card?.mtu ?? 1500 };
    })
    .reduce((smallest, each) => (each.mtu < smallest.mtu ? each : smallest));

// The class's subnet was chosen among the routes of the machines of then.
const refuseOverlap = ({ IPAM: ipam }: Network, host: Host, machines: Machines): void => {
  const subnets = (ipam?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []);
  const routes = machines(host).facts.routes.filter(
    ({ destination, device }) => destination !== "default" && !isDockers(device),
  );
  for (const subnet of subnets)
    for (const { destination } of routes)
      if (overlap(subnet, destination))
        throw new UserError(
          `a route leads to ${destination}, which overlaps the class's own network ${subnet}: its servers would not be found there`,
          {
            host: host.name,
            hint: "`swarmhub down`, then `swarmhub up` with that machine: another network is chosen, and the homes stay",
            code: exitCode.preflight,
          },
        );
};

// A network keeps its MTU for life, and packets that are too big for a card are lost without a word.
const refuseTooBig = ({ Options: options }: Network, { host, mtu }: Card): void => {
  const has = Number(options?.[mtuOption] ?? 0);
  if (has <= mtu - encapsulation) return;
  throw new UserError(
    `a network card has an MTU of ${mtu}, and the overlay network was made for ${has + encapsulation}: large packets to and from it would be lost`,
    { host, hint: "`swarmhub down`, then `swarmhub up`: the homes stay", code: exitCode.preflight },
  );
};
