import type { Host } from "../../host/host.js";
import { buildsForWorkers } from "../../images/built.js";
import { ports } from "../../names.js";
import { paths } from "../../paths.js";
import type { CheckContext } from "../check.js";

/**
 * A connection from a machine to a port of another; `size` is the largest amount of data that the test sends, in bytes. ESP, in which an
 * encrypted overlay network is, has no ports; `port` is its own number.
 */
export type NeededConnection = {
  from: Host;
  to: Host;
  protocol: "tcp" | "udp" | "esp";
  port: number;
  size: number;
};

const megabyte = 1024 ** 2;
const small = 64;
// bytes
const headers = 28;
// bytes of IP and UDP headers
const ipHeader = 20;
// bytes

/** The number of ESP among the protocols of IP. */
export const esp = 50;

/** All connections that the class needs: Swarm's management, gossip and overlay network, NFS, built images, and the monitor. */
export const neededConnections = ({
  cluster,
  machines,
}: Pick<CheckContext, "cluster" | "machines">): NeededConnection[] => {
  const { manager, workers, hosts, nodes, storage } = cluster;
  const mtuOf = (host: Host): number => {
    const { facts, address } = machines(host);
    return facts.addresses.find((card) => card.address === address)?.mtu ?? 1500;
  };
  const overlay = (
    from: Host,
    to: Host,
    protocol: "udp" | "esp",
    port: number,
    header: number,
  ): NeededConnection => ({
    from,
    to,
    protocol,
    port,
    size: Math.min(mtuOf(from), mtuOf(to)) - header,
  });
  const isEncrypted = cluster.config.swarm.encrypted;
  // The firewall of an encrypted class drops what is not encrypted, also the test.
  const takesOverlayInClear = (host: Host): boolean =>
    !isEncrypted || machines(host).facts.files[paths.firewall] === undefined;
  const control = workers.map((from): NeededConnection => ({
    ...tcp(from, manager, 2377),
    size: small,
  }));
  const between = pairs(nodes).flatMap(([from, to]): NeededConnection[] => [
    // The data is echoed, so one direction is enough for 1 MB.
    { ...tcp(from, to, 7946), size: nodes.indexOf(from) < nodes.indexOf(to) ? megabyte : small },
    { from, to, protocol: "udp", port: 7946, size: small },
    // A full-size packet that must not be fragmented, as Swarm's network sends them.
    ...(takesOverlayInClear(from) && takesOverlayInClear(to)
      ? [overlay(from, to, "udp", 4789, headers)]
      : []),
    ...(isEncrypted ? [overlay(from, to, "esp", esp, ipHeader)] : []),
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
