import { ifExists } from "../docker/client.js";
import { UserError } from "../errors.js";
import type { Host } from "../host/host.js";
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
  { docker }: Host,
  service: string,
): Promise<string | undefined> => {
  const label = [`com.docker.swarm.service.name=${service}`];
  const [found] = await docker.listContainers({ filters: { label } });
  return found?.Id;
};

const failureLimit = 3;

/**
 * Waits until a task with the wanted spec runs and is ready; throws a UserError at the timeout or after three failures.
 * `earlier` has the ids of tasks that a change replaces: ids, since the clocks of manager and operator may differ.
 */
export const waitUntilRunning = async (
  manager: Host,
  wanted: WantedService,
  imageId: string,
  earlier: ReadonlySet<string> = new Set(),
): Promise<void> => {
  const { ContainerSpec: container } = serviceSpec(wanted, imageId).TaskTemplate;
  const before = await taskIds(manager, wanted.name);
  const deadline = wanted.patience ?? 120_000;
  let last = "no task yet";
  await waitUntil(
    async () => {
      const tasks = (await tasksOf(manager, wanted.name))
        .filter(({ ID }) => !earlier.has(ID))
        .filter(({ Spec }) => differences(container, Spec.ContainerSpec).length === 0)
        .toSorted((one, other) => other.CreatedAt.localeCompare(one.CreatedAt));
      const failed = tasks.filter(
        ({ ID, Status }) => !before.has(ID) && ["failed", "rejected"].includes(Status.State),
      );
      if (failed.length >= failureLimit)
        throw notRunning(manager, wanted, errorOf(failed[0]) ?? last);
      const newest = tasks.find(({ DesiredState }) => DesiredState === "running");
      if (newest === undefined) return undefined;
      last = `${newest.Status.State}: ${errorOf(newest) ?? newest.Status.Message ?? ""}`;
      if (newest.Status.State !== "running") return undefined;
      return (await isReady(manager, newest, wanted.ready)) ? true : undefined;
    },
    {
      deadline,
      otherwise: () => notRunning(manager, wanted, `${last} after ${deadline / 1000} s`),
    },
  );
};

/** Waits until a host has no container with this label ("name=value"); throws a UserError after 60 s. */
export const waitUntilGone = async ({ name, docker }: Host, label: string): Promise<void> => {
  await waitUntil(
    async () => {
      const remaining = await docker.listContainers({ all: true, filters: { label: [label] } });
      return remaining.length === 0 ? true : undefined;
    },
    {
      deadline: 60_000,
      otherwise: () =>
        new UserError(`containers with the label ${label} still exist after 60 s`, { host: name }),
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

const notRunning = (manager: Host, { name }: WantedService, why: string): UserError =>
  new UserError(`the service ${name} does not run (${why})`, {
    host: manager.name,
    hint: `to see its log, type \`swarmhub logs ${name}\``,
  });
