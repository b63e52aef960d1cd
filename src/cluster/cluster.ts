import { type Config, type HostConfig, storageServer } from "../config/types.js";
import { UserError, exitCode, oneError } from "../errors.js";
import type { Host } from "../host/host.js";

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
};

/** Connects to all configured machines in parallel; throws one UserError that names every unreachable machine. */
export const connectCluster = async (
  config: Config,
  secrets: ReadonlyMap<string, string>,
  connect: (destination: string) => Promise<Host>,
): Promise<Cluster> => {
  const host = storageServer(config);
  const all: HostConfig[] = [
    config.manager,
    ...config.workers,
    ...(host === undefined ? [] : [host]),
  ];
  const results = await Promise.allSettled(all.map(({ destination }) => connect(destination)));
  const hosts = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  try {
    const errors = results.flatMap((result) =>
      result.status === "rejected" ? [result.reason as unknown] : [],
    );
    if (errors.length > 0) throw oneError(errors);
    await refuseOneMachineTwice(hosts);
  } catch (error) {
    await Promise.all(hosts.map((each) => each.close()));
    throw error;
  }
  return clusterOf(config, secrets, hosts);
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
