import type { Cluster } from "../cluster/cluster.js";
import { userServices } from "../swarm/list.js";
import { plural, printable } from "../text/format.js";
import { inspectUserImages } from "./built.js";

/** Whose servers are of an image that new ones are not made of any more. */
export const earlierServers = async (cluster: Cluster): Promise<string[]> => {
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

/** The same in a sentence, of one or more. */
export const earlierSentence = (homes: readonly string[]): string => {
  const [verb, who] = homes.length === 1 ? ["goes", "it gets"] : ["go", "they get"];
  return `${plural(homes.length, "server")} ${verb} on with an earlier image (${printable(homes.join(", "))}); ${who} the new one when started again`;
};
