import type { Config } from "../config/types.js";
import { formatSize, plural } from "../text/format.js";
import type { Cluster } from "./cluster.js";
import type { Machines } from "./machines.js";

/** Bytes that a machine keeps for its system and Docker. */
const system = 512 * 1024 ** 2;
/** Bytes that hub, proxy, edge and watcher need where users' servers run beside them. */
const hubAndProxy = 768 * 1024 ** 2;

/** How many servers of the configured size a machine of that memory (bytes) holds. */
export const seatsOn = (memory: number, { servers }: Config, isManager: boolean): number =>
  Math.max(0, Math.floor((memory - keptBack(isManager)) / seatOf(servers)));

/** Bytes of a machine's memory that are nobody's seat. */
const keptBack = (isManager: boolean): number => system + (isManager ? hubAndProxy : 0);

/** What one seat takes, in bytes. */
export const seatOf = ({ guarantee, memory }: Config["servers"]): number => guarantee ?? memory;

/** How many servers the whole class holds. */
export const seatsOf = ({ config, manager, seatHosts }: Cluster, machines: Machines): number =>
  seatHosts.reduce(
    (sum, host) => sum + seatsOn(machines(host).facts.memory, config, host === manager),
    0,
  );

/** The seats in words: "34 seats: 2 × 16 GB at 900 MB, 512 MB of each kept for its system". */
export const seatsText = (cluster: Cluster, machines: Machines): string => {
  const { config, manager, seatHosts } = cluster;
  const memories = seatHosts.map((host) => formatSize(machines(host).facts.memory));
  const sizes = `${counted(memories)} at ${formatSize(seatOf(config.servers))}`;
  const kept = formatSize(keptBack(seatHosts.includes(manager)));
  const whose = seatHosts.includes(manager) ? "the class and its system" : "its system";
  return `${plural(seatsOf(cluster, machines), "seat")}: ${sizes}, ${kept} ${seatHosts.length === 1 ? "" : "of each "}kept for ${whose}`;
};

/** Equal words once, with their number: "2 × 16 GB, 1 × 8 GB". */
export const counted = (words: readonly string[]): string =>
  [...new Set(words)]
    .map((word) => `${words.filter((other) => other === word).length} × ${word}`)
    .join(", ");
