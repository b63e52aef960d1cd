import type { Config } from "../config/types.js";
import { formatSize, plural } from "../text/format.js";
import { type Cluster, answering } from "./cluster.js";
import { gpusOf } from "./gpus.js";
import type { Machines } from "./machines.js";

/**
 * Bytes that the piece `reserve` keeps free: on each machine that takes users for its system and Docker, and on a manager that takes users
 * for hub, proxy, edge and watcher.
 */
export const reserved = { system: 512 * 1024 ** 2, hubAndProxy: 768 * 1024 ** 2 } as const;

/** The number of servers of the configured size that fit into a machine's memory (bytes), and have their GPUs of its `gpus`. */
export const seatsOn = (
  memory: number,
  { servers }: Config,
  isManager: boolean,
  gpus = 0,
): number => {
  const fitting = Math.floor((memory - reservedMemory(isManager)) / seatMemory(servers));
  const withGpus = servers.gpus === undefined ? fitting : Math.floor(gpus / servers.gpus);
  return Math.max(0, Math.min(fitting, withGpus));
};

/** Bytes of a machine's memory that are not available for seats. */
const reservedMemory = (isManager: boolean): number =>
  reserved.system + (isManager ? reserved.hubAndProxy : 0);

/** The memory of one seat, in bytes. */
export const seatMemory = ({ guarantee, memory }: Config["servers"]): number => guarantee ?? memory;

/** The number of seats of the class. */
export const seatsOf = (cluster: Cluster, machines: Machines): number => {
  const { config, manager, seatHosts } = answering(cluster);
  return seatHosts.reduce((sum, host) => {
    const { facts } = machines(host);
    return sum + seatsOn(facts.memory, config, host === manager, gpusOf(facts));
  }, 0);
};

/** The seats in words: "34 seats: 2 × 16 GB at 900 MB, 512 MB of each reserved for the system". */
export const seatsText = (cluster: Cluster, machines: Machines): string => {
  const { config, manager, seatHosts } = answering(cluster);
  if (seatHosts.length === 0) return "no seats, since no worker can be reached";
  const { gpus } = config.servers;
  const each = seatHosts.map((host) => {
    const { facts } = machines(host);
    const size = formatSize(facts.memory);
    return gpus === undefined ? size : `${size} with ${plural(gpusOf(facts), "GPU")}`;
  });
  const needed = formatSize(seatMemory(config.servers));
  const sizes = `${countWords(each)} at ${needed}${gpus === undefined ? "" : ` and ${plural(gpus, "GPU")}`}`;
  const kept = formatSize(reservedMemory(seatHosts.includes(manager)));
  const purpose = seatHosts.includes(manager) ? "the hub and the system" : "the system";
  return `${plural(seatsOf(cluster, machines), "seat")}: ${sizes}, ${kept} ${seatHosts.length === 1 ? "" : "of each "}reserved for ${purpose}`;
};

/** Counts equal words: "2 × 16 GB, 1 × 8 GB". */
export const countWords = (words: readonly string[]): string =>
  [...new Set(words)]
    .map((word) => `${words.filter((other) => other === word).length} × ${word}`)
    .join(", ");
