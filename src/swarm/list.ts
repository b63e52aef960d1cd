import type { ImageInfo } from "dockerode";
import type { Cluster } from "../cluster/cluster.js";
import type { Host } from "../host/host.js";
import { managerDocker, memberOf } from "./membership.js";
import type { ServiceSpec } from "./service-spec.js";
import type { Task } from "./tasks.js";

/** The fields of the Docker API's service that we read; also of services that are not ours. */
type Service = { ID: string; Spec: Omit<ServiceSpec, "Labels"> & Partial<ServiceSpec> };

/** All services of a manager's Swarm; remembered, since half of the pieces need one of them. */
export const listedServices = (manager: Host): Promise<Service[]> =>
  manager.remember("services", async () => (await manager.docker.listServices()) as never);

/** The services with the class's label; none if the class is not up. */
export const classServices = async (cluster: Cluster): Promise<Service[]> => {
  if ((await managerDocker(cluster)) === undefined) return [];
  return (await listedServices(cluster.manager)).filter(
    ({ Spec }) => Spec.Labels?.["swarmhub.class"] === cluster.config.name,
  );
};

/** The service of a user's server: its home, and the image in its spec. */
export type UserService = { id: string; home: string; image: string | undefined };

/** The services of the users' servers; none if the class is not up. */
export const userServices = async (cluster: Cluster): Promise<UserService[]> =>
  (await classServices(cluster)).flatMap(({ ID, Spec }) => {
    if (!Spec.Name.startsWith("nb-")) return [];
    const image = Spec.TaskTemplate?.ContainerSpec?.["Image"];
    const reference = typeof image === "string" ? image : undefined;
    return [{ id: ID, home: Spec.Name.slice(3), image: reference }];
  });

/** The tasks with the desired state "running" on a manager; remembered. */
export const listedTasks = (manager: Host): Promise<(Task & { ServiceID: string })[]> =>
  manager.remember("tasks", async () => {
    const { nodeId } = await memberOf(manager);
    const filters = { node: [nodeId], "desired-state": ["running"] };
    return (await manager.docker.listTasks({ filters })) as never;
  });

/** An image on a host, by its reference. */
export const listedImage = async (host: Host, reference: string): Promise<ImageInfo | undefined> =>
  (await listedImages(host)).find(({ RepoTags }) => RepoTags?.includes(reference));

/** All images on a host; none if Docker does not run. Remembered. */
export const listedImages = (host: Host): Promise<ImageInfo[]> =>
  host.remember("images", async () => {
    const { units } = await host.facts();
    return units["docker.service"] === "active" ? host.docker.listImages() : [];
  });
