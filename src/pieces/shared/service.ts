import type { Cluster } from "../../cluster/cluster.js";
import { type Machines, inspectMachines } from "../../cluster/machines.js";
import { ifExists } from "../../docker/client.js";
import type { Host } from "../../host/host.js";
import { imageReference } from "../../images/own.js";
import { type ServicePart, formerNames, labels, networkName, serviceName } from "../../names.js";
import type { Step } from "../../reconcile/piece.js";
import { listedImage, listedServices, listedTasks } from "../../swarm/list.js";
import { managerDocker } from "../../swarm/membership.js";
import { createInSwarm, updateService } from "../../swarm/retry.js";
import {
  type ServiceSpec,
  type WantedService,
  differences,
  serviceSpec,
} from "../../swarm/service-spec.js";
import { serviceLabel, taskIds, waitUntilGone, waitUntilRunning } from "../../swarm/tasks.js";

/** The state of a service; `imageId` is the id of its image on the manager. */
export type ServiceState = {
  present: Partial<ServiceSpec> | undefined;
  running: boolean;
  imageId: string | undefined;
  /** Whether the service of its former name is there. */
  hasFormer?: boolean;
};

/** Inspects one service and its image. */
export const inspectService = async (
  cluster: Cluster,
  part: ServicePart,
  image: string,
): Promise<ServiceState> => {
  const { config, manager } = cluster;
  const name = serviceName(config.name, part);
  const former = formerNames.service(part);
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
    hasFormer: services.some(
      ({ Spec }) => Spec.Name === former && Spec.Labels?.[labels.class] === config.name,
    ),
  };
};

/** The step that creates or updates the service; none if it is up to date and runs. */
export const serviceSteps = (
  wanted: WantedService,
  { present, imageId, running }: ServiceState,
  { manager }: Cluster,
): Step[] => {
  const { part } = wanted;
  const step = (title: string, run: Step["run"]): Step => ({ host: manager, title, run });
  if (present === undefined)
    return [step(`start the service ${part}`, () => start(manager, wanted))];
  const differs = differences(serviceSpec(wanted, imageId ?? "not built yet"), present);
  if (differs.length > 0) {
    const change = step(`update the service ${part}`, () => update(manager, wanted, differs));
    const restart = replacesTask(differs) ? wanted.restart : undefined;
    const detail = differs.join(", ") + (restart === undefined ? "" : `; ${restart}`);
    return [{ ...change, detail }];
  }
  if (running) return [];
  const wait = () => waitUntilRunning(manager, wanted, imageId ?? "");
  return [{ ...step(`wait for the service ${part} to run`, wait), waits: true }];
};

/** The steps that remove a service, also that of its former name, and wait until its containers are gone. */
export const removeServiceSteps = (
  part: ServicePart,
  state: ServiceState,
  cluster: Cluster,
): Step[] => [
  ...(state.present === undefined
    ? []
    : [removeStep(`stop the service ${part}`, serviceName(cluster.config.name, part), cluster)]),
  ...removeFormerServiceSteps(part, state, cluster),
];

/** The step that removes the service of the former name, before the one that replaces it needs its ports and files. */
export const removeFormerServiceSteps = (
  part: ServicePart,
  { hasFormer }: ServiceState,
  cluster: Cluster,
): Step[] =>
  hasFormer === true
    ? [
        removeStep(
          `stop the service ${part} of the former name`,
          formerNames.service(part),
          cluster,
        ),
      ]
    : [];

const removeStep = (title: string, name: string, { manager }: Cluster): Step => ({
  host: manager,
  title,
  run: async () => {
    await ifExists(manager.docker.getService(name).remove());
    await waitUntilGone(manager, [serviceLabel(name)]);
  },
});

const start = async (manager: Host, wanted: WantedService): Promise<void> => {
  const { spec, imageId } = await complete(manager, wanted);
  await createInSwarm(() => manager.docker.createService(spec as never));
  await waitUntilRunning(manager, wanted, imageId);
};

const update = async (
  manager: Host,
  wanted: WantedService,
  differs: readonly string[],
): Promise<void> => {
  const { spec, imageId } = await complete(manager, wanted);
  const earlier = replacesTask(differs) ? await taskIds(manager, spec.Name) : undefined;
  await updateService(manager, spec.Name, spec);
  await waitUntilRunning(manager, wanted, imageId, { earlier });
};

/** Other changes, of labels for example, do not replace the task. */
const replacesTask = (differs: readonly string[]): boolean =>
  differs.some((path) => /^(TaskTemplate|EndpointSpec)\b/.test(path));

/** The spec with the ids of image and network, which only the manager knows. */
const complete = async ({ docker }: Host, wanted: WantedService) => {
  const [image, network] = await Promise.all([
    docker.getImage(wanted.image).inspect(),
    docker.getNetwork(wanted.network ?? networkName(wanted.className)).inspect() as Promise<{
      Id: string;
    }>,
  ]);
  const spec = serviceSpec(wanted, image.Id);
  // Swarm identifies a machine's own networks by name, since their ids differ on each machine.
  const Networks = spec.TaskTemplate.Networks.map((each) => ({
    ...each,
    Target: wanted.network ?? network.Id,
  }));
  return { spec: { ...spec, TaskTemplate: { ...spec.TaskTemplate, Networks } }, imageId: image.Id };
};

/** The state of a part that runs as a service of one of our images: the machines, the image's reference, the service. */
export type OwnServiceState = { machines: Machines; image: string; service: ServiceState };

/** Inspects such a part; its image has the part's name. */
export const inspectOwnService = async (
  cluster: Cluster,
  part: ServicePart,
): Promise<OwnServiceState> => {
  const image = imageReference(part);
  const [machines, service] = await Promise.all([
    inspectMachines(cluster),
    inspectService(cluster, part, image),
  ]);
  return { machines, image, service };
};
