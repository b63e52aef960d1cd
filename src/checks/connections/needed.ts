import type { Host } from "../../host/host.js";
import { buildsForWorkers } from "../../images/built.js";
import { ports } from "../../names.js";
import type { CheckContext } from "../check.js";

/** A connection from a machine to a port of another; `size` is the largest amount of data that the test sends, in bytes. */
export type NeededConnection = {
  from: Host;
  to: Host;
  protocol: "tcp" | "udp";
  port: number;
  size: number;
};

const megabyte = 1024 ** 2;
const small = 64;
// bytes
const headers = 28;
// bytes of IP and UDP headers

/** All connections that the class needs: Swarm's management, gossip and overlay network, NFS, built images, and the monitor. */
export const neededConnections = ({ cluster, machines }: CheckContext): NeededConnection[] => {
  const { manager, workers, hosts, nodes, storage } = cluster;
  const mtuOf = (host: Host): number => {
    const { facts, address } = machines(host);
    return facts.addresses.find((card) => card.address === address)?.mtu ?? 1500;
  };
  const control = workers.map((from): NeededConnection => ({
    ...tcp(from, manager, 2377),
    size: small,
  }));
  const between = pairs(nodes).flatMap(([from, to]): NeededConnection[] => [
    // The data is echoed, so one direction is enough for 1 MB.
    { ...tcp(from, to, 7946), size: nodes.indexOf(from) < nodes.indexOf(to) ? megabyte : small },
    { from, to, protocol: "udp", port: 7946, size: small },
    // A full-size packet that must not be fragmented, as Swarm's network sends them.
    { from, to, protocol: "udp", port: 4789, size: Math.min(mtuOf(from), mtuOf(to)) - headers },
  ]);
  const homes = storage === undefined ? [] : homesConnections(nodes, storage);
  const images = buildsForWorkers(cluster)
    ? workers.map((from): NeededConnection => ({
        ...tcp(from, manager, ports.registry),
        size: small,
      }))
    : [];
  const reports = hosts
    .filter((to) => to !== manager)
    .map((to): NeededConnection => ({ ...tcp(manager, to, ports.monitor), size: small }));
  return [...control, ...between, ...homes, ...images, ...reports];
};

const homesConnections = (nodes: readonly Host[], storage: Host): NeededConnection[] =>
  nodes
    .filter((from) => from !== storage)
    .map((from) => ({
      ...tcp(from, storage, 2049),
      size: nodes.includes(storage) ? small : megabyte,
    }));

const tcp = (from: Host, to: Host, port: number) => ({ from, to, protocol: "tcp", port }) as const;

const pairs = (hosts: readonly Host[]): (readonly [Host, Host])[] =>
  hosts.flatMap((from) => hosts.filter((to) => to !== from).map((to) => [from, to] as const));
