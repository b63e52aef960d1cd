import type { Cluster } from "../../cluster.js";
import type { Config } from "../../config.js";
import type { Machines } from "../../machines.js";
import { paths } from "../../paths.js";
import { seatsOf } from "../../seats.js";
import { networkName } from "../network.js";

/** The hub's own settings file: what hub/jupyterhub_config.py reads. */
export const hubConfiguration = (
  want: Config,
  machines: Machines,
  image: string,
  cluster: Cluster,
): string => {
  const { storage } = cluster;
  const settings = {
    name: want.name,
    network: networkName,
    image,
    memory: want.servers.memory,
    // null: all of the memory.
    guarantee: want.servers.guarantee ?? null,
    cpu: want.servers.cpu,
    // null: nobody's server is stopped.
    cull: want.servers.idle === undefined ? null : Math.ceil(want.servers.idle / 1000),
    // null: homes are temporary.
    storage: storage ? { address: machines(storage).address, path: paths.storage } : null,
    admins: want.login.admins,
    placement: ["node.labels.swarmhub.users==true"],
    seats: seatsOf(cluster, machines),
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
};
