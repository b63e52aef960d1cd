import type { ImageInfo } from "dockerode";
import type { Host } from "../../host.js";
import { memberOf } from "./member.js";
import type { ServiceSpec } from "./service-spec.js";
import type { Task } from "./tasks.js";

/** A service as the manager lists it, anybody's; the part of the Docker API's answer that we read. */
type Service = { ID: string; Spec: Omit<ServiceSpec, "Labels"> & Partial<ServiceSpec> };

/** All services of a manager's Swarm, remembered: half of the pieces want one of them. */
export const listedServices = (manager: Host): Promise<Service[]> =>
  manager.remember("services", async () => (await manager.docker.listServices()) as never);

/** The tasks that should run on a manager, remembered. */
export const listedTasks = (manager: Host): Promise<(Task & { ServiceID: string })[]> =>
  manager.remember("tasks", async () => {
    const { nodeId } = await memberOf(manager);
    const filters = { node: [nodeId], "desired-state": ["running"] };
    return (await manager.docker.listTasks({ filters })) as never;
  });

/** One of our own images on a host, by its reference. */
export const listedImage = async (host: Host, reference: string): Promise<ImageInfo | undefined> =>
  (await listedImages(host)).find(({ RepoTags }) => RepoTags?.includes(reference));

/** All images on a host, remembered; none where Docker does not run. */
export const listedImages = (host: Host): Promise<ImageInfo[]> =>
  host.remember("images", async () => {
    const { units } = await host.facts();
    return units["docker.service"] === "active" ? host.docker.listImages() : [];
  });
