import type { Cluster } from "../cluster.js";
import { inspectMachines } from "../machines.js";
import { publicName } from "../public-name.js";

/** What a person types into a browser: "https://geo.example.org". */
export const addressOf = async (cluster: Cluster): Promise<string> => {
  const { config, manager } = cluster;
  const machines = await inspectMachines(cluster);
  const name = config.domain ?? publicName(config.manager, machines(manager).address);
  return `${config.tls.kind === "off" ? "http" : "https"}://${name}`;
};
