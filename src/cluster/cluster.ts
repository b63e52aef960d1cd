import { type Config, type HostConfig, storageServer } from "../config/types.js";
import { UserError, exitCode, oneError } from "../errors.js";
import type { Host } from "../host/host.js";
import { type LostMachine, isUnreachable, standInFor } from "./lost.js";

/** The connected machines of a class by role. One host may have several roles. */
export type Cluster = {
  config: Config;
  /** The operator's secrets by name; the others are generated on the manager. */
  secrets: ReadonlyMap<string, string>;
  manager: Host;
  workers: readonly Host[];
  /** The host of the homes: the manager, or a separate server outside the Swarm; undefined if homes are temporary. */
  storage: Host | undefined;
  /** All machines, the manager first. */
  hosts: readonly Host[];
  /** The Swarm's nodes: manager and workers. */
  nodes: readonly Host[];
  /** The nodes that take users' servers: the workers, or the manager if there are none. */
  seatHosts: readonly Host[];
  /** Workers that a command which only reads goes on without; see lost.ts. */
  lost?: readonly LostMachine[];
};

/**
 * Connects to all configured machines in parallel; throws one UserError that names every unreachable machine. With `canLoseWorkers`
 * only the manager and the storage server must be there.
 */
export const connectCluster = async (
  config: Config,
  secrets: ReadonlyMap<string, string>,
  connect: (destination: string) => Promise<Host>,
  { canLoseWorkers = false } = {},
): Promise<Cluster> => {
  const host = storageServer(config);
  const all: HostConfig[] = [
    config.manager,
    ...config.workers,
    ...(host === undefined ? [] : [host]),
  ];
  const results = await Promise.allSettled(all.map(({ destination }) => connect(destination)));
  const hosts = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const isWorker = (index: number): boolean => index > 0 && index <= config.workers.length;
  const canLose = (error: unknown, index: number): boolean =>
    canLoseWorkers && isWorker(index) && isUnreachable(error);
  try {
    const errors = results.flatMap((result, index) =>
      result.status === "rejected" && !canLose(result.reason, index)
        ? [result.reason as unknown]
        : [],
    );
    if (errors.length > 0) throw oneError(errors);
    await refuseOneMachineTwice(hosts);
    const [manager] = hosts;
    const lost = await Promise.all(
      results.flatMap((result, index) => {
        const machine = all[index];
        if (result.status === "fulfilled" || machine === undefined || manager === undefined)
          return [];
        return [lose(manager, machine, result.reason as UserError)];
      }),
    );
    if (lost.length === 0) return clusterOf(config, secrets, hosts);
    return withLost(config, secrets, hosts, lost);
  } catch (error) {
    await Promise.all(hosts.map((each) => each.close()));
    throw error;
  }
};

const lose = async (
  manager: Host,
  machine: HostConfig,
  error: UserError,
): Promise<LostMachine> => ({
  destination: machine.destination,
  error,
  // A manager whose Docker does not answer knows no addresses.
  host: await standInFor(manager, machine, error).catch(() => undefined),
});

/** The class with what stands for its lost workers; those that the manager does not know are left out. */
const withLost = (
  config: Config,
  secrets: ReadonlyMap<string, string>,
  hosts: readonly Host[],
  lost: readonly LostMachine[],
): Cluster => {
  const known = [...hosts, ...lost.flatMap(({ host }) => host ?? [])];
  const byName = new Map(known.map((host) => [host.name, host]));
  const workers = config.workers.filter(({ destination }) => byName.has(destination));
  const named = [config.manager, ...workers, storageServer(config)];
  const cluster = clusterOf(
    { ...config, workers },
    secrets,
    named.flatMap((each) => (each === undefined ? [] : (byName.get(each.destination) ?? []))),
  );
  // The manager takes no users where there are workers, lost or not.
  return { ...cluster, config, lost, seatHosts: cluster.workers };
};

/** The hosts by role; they come in the configuration's order: manager, workers, storage server. */
export const clusterOf = (
  config: Config,
  secrets: ReadonlyMap<string, string>,
  hosts: readonly Host[],
): Cluster => {
  const [manager, ...others] = hosts;
  if (manager === undefined) throw new Error("a class has a manager");
  const workers = others.slice(0, config.workers.length);
  const server = others[config.workers.length];
  const storage = config.storage.kind === "persistent" ? (server ?? manager) : undefined;
  return {
    config,
    secrets,
    manager,
    workers,
    storage,
    hosts,
    nodes: [manager, ...workers],
    seatHosts: workers.length > 0 ? workers : [manager],
  };
};

/** A cluster for a configuration with other workers, over the open connections of `hosts`; workers without one are left out. */
export const clusterAmong = (
  { manager, storage, secrets }: Cluster,
  config: Config,
  hosts: readonly Host[],
): Cluster => {
  const connected = new Map(hosts.map((host) => [host.name, host]));
  const workers = config.workers.filter(({ destination }) => connected.has(destination));
  const server = storage === undefined || storage === manager ? [] : [storage];
  return clusterOf({ ...config, workers }, secrets, [
    manager,
    ...workers.flatMap(({ destination }) => connected.get(destination) ?? []),
    ...server,
  ]);
};

/** The host of the homes, or, if homes are temporary, the one that had them before. */
export const homesHost = ({ storage, manager }: Cluster): Host => storage ?? manager;

/** The machines of a class that could not be reached; other machines are not planned without them. */
export const lostMachines = ({ lost = [] }: Pick<Cluster, "lost">): readonly LostMachine[] => lost;

/** Whether a host only stands for a machine that could not be reached. */
export const isLost = (cluster: Pick<Cluster, "lost">, host: Host): boolean =>
  lostMachines(cluster).some((each) => each.host === host);

/** The class without the machines that could not be reached, for what has to ask each machine. */
export const answering = (cluster: Cluster): Cluster => {
  const answers = (host: Host): boolean => !isLost(cluster, host);
  return {
    ...cluster,
    workers: cluster.workers.filter(answers),
    hosts: cluster.hosts.filter(answers),
    nodes: cluster.nodes.filter(answers),
    seatHosts: cluster.seatHosts.filter(answers),
  };
};

/** Closes every connection. */
export const closeCluster = async ({ hosts }: Cluster): Promise<void> => {
  await Promise.all(hosts.map((host) => host.close()));
};

/** Throws a UserError (usage) if two hosts are the same machine. */
export const refuseOneMachineTwice = async (hosts: readonly Host[]): Promise<void> => {
  const names = new Map<string, string>();
  const identities = await Promise.all(
    hosts.map(async (host) => ({ host, ...(await host.facts()) })),
  );
  for (const { host, machineId } of identities) {
    const other = names.get(machineId);
    if (other !== undefined)
      throw new UserError(
        `this is the same machine as ${other} (both have the machine-id ${machineId})`,
        {
          host: host.name,
          hint: "remove one of them from the configuration; if one is a cloned disk, restart it after `rm /etc/machine-id && systemd-machine-id-setup`",
          code: exitCode.usage,
        },
      );
    names.set(machineId, host.name);
  }
};
