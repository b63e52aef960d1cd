import type { Cluster } from "../cluster.js";
import { inspectMachines } from "../machines.js";
import { publicName } from "../public-name.js";

/** What a person types into a browser: "https://geo.example.org". */
export const addressOf = async (cluster: Cluster): Promise<string> => {
  const { config, manager } = cluster;
  const machines = await inspectMachines(cluster);
  const name = config.domain ?? publicName(config.manager, machines(manager).address);
  // Behind something that does TLS, and says so by being trusted, a name is found by https.
  const isPlain =
    config.tls.kind === "off" &&
    (config.domain === undefined || config.tls.trustedProxies.length === 0);
  return `${isPlain ? "http" : "https"}://${name}`;
};
