import type { Config } from "../config/types.js";
import type { Host } from "../host/host.js";
import { plural } from "../text/format.js";
import type { Cluster } from "./cluster.js";
import type { Machines } from "./machines.js";

/**
 * A sentence for each machine that takes users and has fewer cores than a server may use. The hub then gives all servers the cores of
 * the smallest machine (hub/swarmhub/spawning/placement.py, limit_cores), because Docker refuses more and Swarm may place any server there.
 */
export const fewCores = (
  { config, seatHosts }: Cluster,
  machines: Machines,
): { host: Host; text: string }[] => {
  const wanted = mostCores(config);
  const coresOf = (host: Host): number => machines(host).facts.processors;
  const smallest = Math.min(...seatHosts.map(coresOf));
  return seatHosts
    .filter((host) => coresOf(host) < wanted)
    .map((host) => ({
      host,
      text: `it has ${plural(coresOf(host), "core")}, fewer than \`servers: cpu\` (${wanted}), so each server of the class gets at most ${plural(smallest, "core")}`,
    }));
};

/** The same as lines: "worker2: it has 1 core, …". */
export const fewCoresLines = (cluster: Cluster, machines: Machines): string[] =>
  fewCores(cluster, machines).map(({ host, text }) => `${host.name}: ${text}`);

const mostCores = ({ servers: { cpu, images }, login }: Config): number =>
  Math.max(
    ...(images.length === 0 ? [cpu] : images.map((image) => image.cpu)),
    ...Object.values(login.groupServers).map((group) => group.cpu ?? 0),
  );
