import type { Cluster } from "./cluster.js";
import { inspectNotebooks } from "./pieces/images/notebooks.js";
import { userServices } from "./pieces/shared/listed.js";
import { plural, printable } from "./report/text.js";

/** Whose servers are of an image that new ones are not made of any more. */
export const earlierServers = async (cluster: Cluster): Promise<string[]> => {
  const [notebooks, servers] = await Promise.all([
    inspectNotebooks(cluster),
    userServices(cluster),
  ]);
  const current = new Set(notebooks.map(({ wanted }) => wanted));
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
