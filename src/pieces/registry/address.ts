import type { Cluster } from "../../cluster.js";
import { imagesOf } from "../../config.js";
import { userServices } from "../shared/listed.js";

/** The registry's TCP port on the manager, and on each worker's own loopback. Nobody's else, so that it may be closed to all others. */
export const registryPort = 20500;

/** The name of images that are built: on loopback, since that is where Docker asks a registry that has no certificate. */
export const builtRepository = `127.0.0.1:${registryPort}/swarmhub/built`;

/** Whether images that are built on the manager have to get to workers. */
export const buildsForWorkers = ({ config, workers }: Cluster): boolean =>
  workers.length > 0 && imagesOf(config).some(({ build }) => build !== undefined);

/** Whether they have to, or servers run on such that did: one that starts again elsewhere asks for it. */
export const needsRegistry = async (cluster: Cluster): Promise<boolean> =>
  buildsForWorkers(cluster) ||
  (await userServices(cluster)).some(({ image }) => image?.startsWith(`${builtRepository}@`));
