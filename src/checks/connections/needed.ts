import type { Host } from "../../host/host.js";
import { buildsForWorkers } from "../../images/built.js";
import { registryPort } from "../../names.js";
import type { CheckContext } from "../check.js";

/** One try from a machine to a port of another; `size` is the number of bytes of the largest thing that is sent. */
export type NeededConnection = {
  from: Host;
  to: Host;
  protocol: "tcp" | "udp";
  port: number;
  size: number;
};

const megabyte = 1024 ** 2;
const little = 64;
// bytes
const headers = 28;
// bytes of IP and UDP around what is sent

/** All that has to go between the machines: Swarm's control, gossip and network, NFS, and the way to images that are built here. */
export const neededConnections = ({ cluster, machines }: CheckContext): NeededConnection[] => {
  const { manager, workers, nodes, storage } = cluster;
  const mtuOf = (host: Host): number => {
    const { facts, address } = machines(host);
    return facts.addresses.find((card) => card.address === address)?.mtu ?? 1500;
  };
  const control = workers.map((from): NeededConnection => ({
    ...tcp(from, manager, 2377),
    size: little,
  }));
  const between = pairs(nodes).flatMap(([from, to]): NeededConnection[] => [
    // What is sent comes back, so that once for two machines is enough.
    { ...tcp(from, to, 7946), size: nodes.indexOf(from) < nodes.indexOf(to) ? megabyte : little },
    { from, to, protocol: "udp", port: 7946, size: little },
    // A whole packet that must not be taken apart, as Swarm's network sends them.
    { from, to, protocol: "udp", port: 4789, size: Math.min(mtuOf(from), mtuOf(to)) - headers },
  ]);
  const homes = storage === undefined ? [] : homesWays(nodes, storage);
  const images = buildsForWorkers(cluster)
    ? workers.map((from): NeededConnection => ({
        ...tcp(from, manager, registryPort),
        size: little,
      }))
    : [];
  return [...control, ...between, ...homes, ...images];
};

const homesWays = (nodes: readonly Host[], storage: Host): NeededConnection[] =>
  nodes
    .filter((from) => from !== storage)
    .map((from) => ({
      ...tcp(from, storage, 2049),
      size: nodes.includes(storage) ? little : megabyte,
    }));

const tcp = (from: Host, to: Host, port: number) => ({ from, to, protocol: "tcp", port }) as const;

const pairs = (hosts: readonly Host[]): (readonly [Host, Host])[] =>
  hosts.flatMap((from) => hosts.filter((to) => to !== from).map((to) => [from, to] as const));
