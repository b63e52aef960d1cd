import type { Cluster } from "../../cluster.js";
import type { ImageName } from "../../images.js";
import { inspectMachines, type Machines } from "../../machines.js";
import { imageReference } from "../images/own.js";
import { inspectService, type ServiceState } from "./service.js";

/** A part of the system that runs as a service of one of our images: the machines, the image it should have, the service. */
export type PartState = { machines: Machines; image: string; service: ServiceState };

/** Looks at such a part; service and image have the same name. */
export const inspectPart = async (cluster: Cluster, name: ImageName): Promise<PartState> => {
  const image = imageReference(name);
  const [machines, service] = await Promise.all([
    inspectMachines(cluster),
    inspectService(cluster, name, image),
  ]);
  return { machines, image, service };
};
