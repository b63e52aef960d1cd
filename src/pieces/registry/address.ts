import type { Cluster } from "../../cluster.js";
import { imagesOf } from "../../config.js";
import { classServices } from "../shared/listed.js";

/** The registry's TCP port on the manager, and on each worker's own loopback. Nobody's else, so that it may be closed to all others. */
export const registryPort = 20500;

/** The name of images that are built: on loopback, since that is where Docker asks a registry that has no certificate. */
export const builtRepository = `127.0.0.1:${registryPort}/swarmhub/built`;

/** Whether images have to get from the manager to workers, or servers run on such that did: one that starts again elsewhere asks for it. */
export const needsRegistry = async (cluster: Cluster): Promise<boolean> =>
  (cluster.workers.length > 0 && imagesOf(cluster.config).some(({ build }) => build)) ||
  (await builtImagesInUse(cluster)).some((image) => image.startsWith(`${builtRepository}@`));

/** The images of users' servers, as their services name them. */
const builtImagesInUse = async (cluster: Cluster): Promise<string[]> =>
  (await userImages(cluster)).map(({ image }) => image);

/** Each user's server with the image that it is made of, as its service names that. */
export const userImages = async (cluster: Cluster): Promise<{ home: string; image: string }[]> =>
  (await classServices(cluster)).flatMap(({ Spec }) => {
    const image = Spec.TaskTemplate?.ContainerSpec?.["Image"];
    return Spec.Name.startsWith("nb-") && typeof image === "string"
      ? [{ home: Spec.Name.slice(3), image }]
      : [];
  });
