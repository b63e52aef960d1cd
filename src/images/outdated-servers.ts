import type { Cluster } from "../cluster/cluster.js";
import { userServices } from "../swarm/list.js";
import { plural, printable } from "../text/format.js";
import { inspectUserImages } from "./built.js";

/** The homes whose servers run an image that is no longer configured. */
export const outdatedServers = async (cluster: Cluster): Promise<string[]> => {
  const [userImages, servers] = await Promise.all([
    inspectUserImages(cluster),
    userServices(cluster),
  ]);
  const current = new Set(userImages.map(({ wanted }) => wanted));
  return servers
    .filter(({ image }) => image !== undefined && !current.has(image))
    .map(({ home }) => home)
    .toSorted();
};

/** Those homes (at least one) in a sentence. */
export const outdatedSentence = (homes: readonly string[]): string => {
  const [runs, pronoun] = homes.length === 1 ? ["runs", "it gets"] : ["run", "they get"];
  return `${plural(homes.length, "server")} ${runs} an outdated image (${printable(homes.join(", "))}); ${pronoun} the new one when restarted`;
};
