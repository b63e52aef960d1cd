import type { Cluster } from "./cluster.js";
import type { Config } from "./config.js";
import type { Machines } from "./machines.js";

/** Bytes that a machine keeps for its system and Docker. */
const system = 512 * 1024 ** 2;
/** Bytes that hub, proxy, edge and watcher need where users' servers run beside them. */
const hubAndProxy = 768 * 1024 ** 2;

/** How many servers of the configured size a machine of that memory (bytes) holds. */
export const seatsOn = (memory: number, { servers }: Config, isManager: boolean): number =>
  Math.max(0, Math.floor((memory - system - (isManager ? hubAndProxy : 0)) / seatOf(servers)));

/** What one seat takes, in bytes. */
export const seatOf = ({ guarantee, memory }: Config["servers"]): number => guarantee ?? memory;

/** How many servers the whole class holds. */
export const seatsOf = ({ config, manager, seats }: Cluster, machines: Machines): number =>
  seats.reduce(
    (sum, host) => sum + seatsOn(machines(host).facts.memory, config, host === manager),
    0,
  );
