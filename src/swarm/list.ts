import type { ImageInfo } from "dockerode";
import type { Cluster } from "../cluster/cluster.js";
import type { Host } from "../host/host.js";
import { isFormerUserService, labels } from "../names.js";
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
    ({ Spec }) => Spec.Labels?.[labels.class] === cluster.config.name,
  );
};

/** The service of a user's server: its name, its home, the image in its spec, and the class's URL if it has a host below that. */
export type UserService = {
  id: string;
  name: string;
  home: string;
  image: string | undefined;
  subdomainHost: string | undefined;
};

/** The services of the users' servers; none if the class is not up. */
export const userServices = async (cluster: Cluster): Promise<UserService[]> =>
  (await classServices(cluster)).flatMap(({ ID, Spec }) => {
    const home = Spec.Labels?.[labels.user];
    if (home === undefined) return [];
    const { Image: image, Env: environment } = Spec.TaskTemplate?.ContainerSpec ?? {};
    const reference = typeof image === "string" ? image : undefined;
    const subdomainHost = subdomainHostIn(environment);
    return [{ id: ID, name: Spec.Name, home, image: reference, subdomainHost }];
  });

/** JupyterHub gives each server the URL of the hub if that differs from the server's own (jupyterhub/spawner.py, get_env). */
const subdomainHostIn = (environment: unknown): string | undefined => {
  const entries: unknown[] = Array.isArray(environment) ? environment : [];
  const texts = entries.filter((entry) => typeof entry === "string");
  const host = texts.find((entry) => entry.startsWith(hubHost))?.slice(hubHost.length);
  return host === "" ? undefined : host;
};

const hubHost = "JUPYTERHUB_HOST=";

/** The homes of the users' servers that run under their former names, which the next `up` stops. */
export const formerServers = async (cluster: Cluster): Promise<string[]> =>
  (await userServices(cluster))
    .filter(({ name }) => isFormerUserService(cluster.config.name, name))
    .map(({ home }) => home)
    .toSorted();

/** The fields of the Docker API's network that we read. */
export type Network = {
  Id: string;
  Name: string;
  Labels?: Record<string, string> | null;
  Options?: Record<string, string> | null;
  IPAM?: { Config?: { Subnet?: string }[] | null };
  Ingress?: boolean;
};

/** The overlay networks of the class's Swarm but for Swarm's own; none if the class is not up. Remembered. */
export const overlayNetworks = async (cluster: Cluster): Promise<Network[]> => {
  const { manager } = cluster;
  if ((await managerDocker(cluster)) === undefined) return [];
  const networks = await manager.remember("networks", async () => {
    const filters = { driver: ["overlay"] };
    return (await manager.docker.listNetworks({ filters })) as Network[];
  });
  return networks.filter(({ Ingress }) => Ingress !== true);
};

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
