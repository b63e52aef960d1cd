import type { Cluster } from "../cluster/cluster.js";
import { ifExists } from "../docker/client.js";
import { UserError } from "../errors.js";
import type { Host } from "../host/host.js";
import { type ServicePart, labels, serviceName } from "../names.js";
import { waitUntil } from "../wait.js";
import { type WantedService, differences, serviceSpec } from "./service-spec.js";

/** The fields of the Docker API's task that we read. */
export type Task = {
  ID: string;
  CreatedAt: string;
  DesiredState: string;
  Spec: { ContainerSpec?: unknown };
  Status: {
    State: string;
    Err?: string;
    Message?: string;
    ContainerStatus?: { ContainerID?: string };
  };
};

/** The ids of a service's tasks, ended ones too; none if there is no such service. */
export const taskIds = async (manager: Host, service: string): Promise<ReadonlySet<string>> =>
  new Set((await tasksOf(manager, service)).map(({ ID }) => ID));

/** The id of the manager's running container of one of our services; undefined if none runs. */
export const containerOf = async (
  { config, manager }: Cluster,
  part: ServicePart,
): Promise<string | undefined> => {
  const label = [serviceLabel(serviceName(config.name, part))];
  const [found] = await manager.docker.listContainers({ filters: { label } });
  return found?.Id;
};

/** Swarm's label of the containers of a service, as a filter of Docker's. */
export const serviceLabel = (service: string): string => `${labels.service}=${service}`;

const failureLimit = 3;
/** A service that makes progress is waited for at most this many times the patience. */
const prolonged = 3;
const fiveMinutes = 300_000;

/** `earlier` has the ids of tasks that a change replaces: ids, since the clocks of manager and operator may differ. */
type WaitOptions = { earlier?: ReadonlySet<string> | undefined; patience?: number };

/**
 * Waits until a task with the wanted spec runs and is ready; throws a UserError after three failures, or when neither the task nor its
 * log changes for `patience` (ms): under emulation the hub takes more than three minutes, and Docker two to start a container.
 */
export const waitUntilRunning = async (
  manager: Host,
  wanted: WantedService,
  imageId: string,
  { earlier = new Set(), patience = fiveMinutes }: WaitOptions = {},
): Promise<void> => {
  const { Name: name, TaskTemplate } = serviceSpec(wanted, imageId);
  const { ContainerSpec: container } = TaskTemplate;
  const before = await taskIds(manager, name);
  let last: Seen = { running: false, text: "no task yet", sign: "" };
  let changed = Date.now();
  await waitUntil(
    async () => {
      const tasks = (await tasksOf(manager, name))
        .filter(({ ID }) => !earlier.has(ID))
        .filter(({ Spec }) => differences(container, Spec.ContainerSpec).length === 0)
        .toSorted((one, other) => other.CreatedAt.localeCompare(one.CreatedAt));
      const failed = tasks.filter(
        ({ ID, Status }) => !before.has(ID) && ["failed", "rejected"].includes(Status.State),
      );
      if (failed.length >= failureLimit)
        throw notRunning(manager, wanted, errorOf(failed[0]) ?? last.text);
      const newest = tasks.find(({ DesiredState }) => DesiredState === "running");
      if (newest?.Status.State === "running" && (await isReady(manager, newest, wanted.ready)))
        return true;
      const seen = newest === undefined ? last : await look(manager, newest);
      if (seen.sign !== last.sign) changed = Date.now();
      last = seen;
      if (Date.now() - changed >= patience)
        throw notReady(manager, wanted, last, `${patience / 1000} s without progress`);
      return undefined;
    },
    {
      deadline: prolonged * patience,
      otherwise: () => notReady(manager, wanted, last, `${(prolonged * patience) / 1000} s`),
    },
  );
};

/** What is known of a task that is not ready; another sign is progress. */
type Seen = { running: boolean; text: string; sign: string };

const look = async ({ docker }: Host, task: Task): Promise<Seen> => {
  const { State: state, Message: message = "", ContainerStatus: container } = task.Status;
  const text = `${state}: ${errorOf(task) ?? message}`;
  const running = state === "running";
  const query = { stdout: true, stderr: true, tail: 1, timestamps: true, follow: false } as const;
  // A container that ends at this moment has no log to read.
  const line = running
    ? await docker
        .getContainer(container?.ContainerID ?? "")
        .logs(query)
        .then(String, () => "")
    : "";
  return { running, text, sign: `${task.ID} ${text} ${line}` };
};

/** Waits until a host has no container with these labels ("name=value"); throws a UserError after 60 s. */
export const waitUntilGone = async (
  { name, docker }: Host,
  label: readonly string[],
): Promise<void> => {
  await waitUntil(
    async () => {
      const remaining = await docker.listContainers({ all: true, filters: { label: [...label] } });
      return remaining.length === 0 ? true : undefined;
    },
    {
      deadline: 60_000,
      otherwise: () =>
        new UserError(`containers with the label ${label.join(" and ")} still exist after 60 s`, {
          host: name,
        }),
    },
  );
};

const tasksOf = async ({ docker }: Host, service: string): Promise<Task[]> => {
  const tasks = (await ifExists(docker.listTasks({ filters: { service: [service] } }))) as
    | Task[]
    | undefined;
  return tasks ?? [];
};

const errorOf = (task: Task | undefined): string | undefined => task?.Status.Err || undefined;

const isReady = async (
  manager: Host,
  { Status }: Task,
  ready: readonly string[] | undefined,
): Promise<boolean> => {
  if (ready === undefined) return true;
  const container = Status.ContainerStatus?.ContainerID ?? "";
  const probe = manager.run(["docker", "exec", container, ...ready], { timeout: 20_000 });
  return probe.then(
    () => true,
    () => false,
  );
};

const notReady = (
  manager: Host,
  wanted: WantedService,
  { running, text }: Seen,
  waited: string,
): UserError =>
  running
    ? new UserError(`the service ${wanted.part} runs, but is not ready after ${waited}`, {
        host: manager.name,
        hint: `to see its log, type \`swarmhub logs ${wanted.part}\`; to wait longer, type \`swarmhub up\``,
      })
    : notRunning(manager, wanted, `${text} after ${waited}`);

const notRunning = (manager: Host, { part }: WantedService, why: string): UserError =>
  new UserError(`the service ${part} does not run (${why})`, {
    host: manager.name,
    hint: `to see its log, type \`swarmhub logs ${part}\``,
  });
