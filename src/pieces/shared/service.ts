import type { Cluster } from "../../cluster/cluster.js";
import { type Machines, inspectMachines } from "../../cluster/machines.js";
import { ifExists } from "../../docker/client.js";
import type { Host } from "../../host/host.js";
import { imageReference } from "../../images/own.js";
import { networkName } from "../../names.js";
import type { ImageName } from "../../operator/own-images.js";
import type { Step } from "../../reconcile/piece.js";
import { listedImage, listedServices, listedTasks } from "../../swarm/list.js";
import { managerDocker } from "../../swarm/membership.js";
import { retryStaleVersion } from "../../swarm/retry.js";
import {
  type ServiceSpec,
  type WantedService,
  differences,
  serviceSpec,
} from "../../swarm/service-spec.js";
import { taskIds, waitUntilGone, waitUntilRunning } from "../../swarm/tasks.js";

/** A service as it is; `imageId` is the manager's image of that reference. */
export type ServiceState = {
  present: Partial<ServiceSpec> | undefined;
  running: boolean;
  imageId: string | undefined;
};

/** Looks at one service and at the image it should have. */
export const inspectService = async (
  cluster: Cluster,
  name: string,
  image: string,
): Promise<ServiceState> => {
  const { manager } = cluster;
  if ((await managerDocker(cluster)) === undefined)
    return { present: undefined, running: false, imageId: undefined };
  const [services, local, tasks] = await Promise.all([
    listedServices(manager),
    listedImage(manager, image),
    listedTasks(manager),
  ]);
  const service = services.find(({ Spec }) => Spec.Name === name);
  const isRunning = ({ ServiceID, Status }: (typeof tasks)[number]): boolean =>
    ServiceID === service?.ID && Status.State === "running";
  return {
    present: service?.Spec,
    running: tasks.some(isRunning),
    imageId: local?.Id,
  };
};

/** The step that makes the service what it should be; none where it is. */
export const serviceSteps = (
  wanted: WantedService,
  { present, imageId, running }: ServiceState,
  { manager }: Cluster,
): Step[] => {
  const { name } = wanted;
  const step = (title: string, run: Step["run"]): Step => ({ host: manager, title, run });
  if (present === undefined)
    return [step(`start the service ${name}`, () => start(manager, wanted))];
  const differs = differences(serviceSpec(wanted, imageId ?? "not built yet"), present);
  if (differs.length > 0) {
    const change = step(`update the service ${name}`, () => update(manager, wanted, differs));
    return [{ ...change, detail: differs.join(", ") }];
  }
  if (running) return [];
  const wait = () => waitUntilRunning(manager, wanted, imageId ?? "");
  return [step(`wait for the service ${name} to run`, wait)];
};

/** The step that takes a service away, and waits until its tasks are gone. */
export const removeServiceSteps = (
  name: string,
  { present }: ServiceState,
  { manager }: Cluster,
): Step[] =>
  present === undefined
    ? []
    : [
        {
          host: manager,
          title: `stop the service ${name}`,
          run: async () => {
            await ifExists(manager.docker.getService(name).remove());
            await waitUntilGone(manager, `com.docker.swarm.service.name=${name}`);
          },
        },
      ];

const start = async (manager: Host, wanted: WantedService): Promise<void> => {
  const { spec, imageId } = await complete(manager, wanted);
  await manager.docker.createService(spec as never);
  await waitUntilRunning(manager, wanted, imageId);
};

const update = async (
  manager: Host,
  wanted: WantedService,
  differs: readonly string[],
): Promise<void> => {
  const { spec, imageId } = await complete(manager, wanted);
  // A change of the rest, the labels for example, leaves the task as it is.
  const replaces = differs.some((path) => /^(TaskTemplate|EndpointSpec)\b/.test(path));
  const earlier = replaces ? await taskIds(manager, wanted.name) : undefined;
  const service = manager.docker.getService(wanted.name);
  await retryStaleVersion(async () => {
    const { Version: version } = (await service.inspect()) as { Version: { Index: number } };
    await service.update({ version: version.Index, ...spec });
  });
  await waitUntilRunning(manager, wanted, imageId, earlier);
};

/** The spec with what only the manager knows: the ids of image and network. */
const complete = async ({ docker }: Host, wanted: WantedService) => {
  const [image, network] = await Promise.all([
    docker.getImage(wanted.image).inspect(),
    docker.getNetwork(wanted.network ?? networkName).inspect() as Promise<{ Id: string }>,
  ]);
  const spec = serviceSpec(wanted, image.Id);
  // The Swarm knows the machines' own networks by name alone: their ids are each machine's.
  const Networks = [{ Target: wanted.network ?? network.Id }];
  return { spec: { ...spec, TaskTemplate: { ...spec.TaskTemplate, Networks } }, imageId: image.Id };
};

/** A part of the system that runs as a service of one of our images: the machines, the image it should have, the service. */
export type OwnServiceState = { machines: Machines; image: string; service: ServiceState };

/** Looks at such a part; service and image have the same name. */
export const inspectOwnService = async (
  cluster: Cluster,
  name: ImageName,
): Promise<OwnServiceState> => {
  const image = imageReference(name);
  const [machines, service] = await Promise.all([
    inspectMachines(cluster),
    inspectService(cluster, name, image),
  ]);
  return { machines, image, service };
};
