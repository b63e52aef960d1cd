import type { ImageInfo } from "dockerode";
import type { Cluster } from "../cluster/cluster.js";
import type { Host } from "../host/host.js";
import { managerDocker, memberOf } from "./membership.js";
import type { ServiceSpec } from "./service-spec.js";
import type { Task } from "./tasks.js";

/** A service as the manager lists it, anybody's; the part of the Docker API's answer that we read. */
type Service = { ID: string; Spec: Omit<ServiceSpec, "Labels"> & Partial<ServiceSpec> };

/** All services of a manager's Swarm, remembered: half of the pieces want one of them. */
export const listedServices = (manager: Host): Promise<Service[]> =>
  manager.remember("services", async () => (await manager.docker.listServices()) as never);

/** The services of the class, by its label; none where it is not up. */
export const classServices = async (cluster: Cluster): Promise<Service[]> => {
  if ((await managerDocker(cluster)) === undefined) return [];
  return (await listedServices(cluster.manager)).filter(
    ({ Spec }) => Spec.Labels?.["swarmhub.class"] === cluster.config.name,
  );
};

/** The service of a user's server: the home that it is for, and the image that it is made of, as the service names that. */
export type UserService = { id: string; home: string; image: string | undefined };

/** The services of the users' servers; none where the class is not up. */
export const userServices = async (cluster: Cluster): Promise<UserService[]> =>
  (await classServices(cluster)).flatMap(({ ID, Spec }) => {
    if (!Spec.Name.startsWith("nb-")) return [];
    const image = Spec.TaskTemplate?.ContainerSpec?.["Image"];
    const named = typeof image === "string" ? image : undefined;
    return [{ id: ID, home: Spec.Name.slice(3), image: named }];
  });

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
