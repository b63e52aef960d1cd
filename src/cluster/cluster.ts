import { type Config, type HostConfig, storageServer } from "../config/types.js";
import { UserError, exitCode, oneError } from "../errors.js";
import type { Host } from "../host/host.js";

/** The machines of a class, connected, by what they do. One host may do several things. */
export type Cluster = {
  config: Config;
  /** Secrets that the operator gives, by name; the others are made on the manager. */
  secrets: ReadonlyMap<string, string>;
  manager: Host;
  workers: readonly Host[];
  /** Where the homes are kept: the manager, or a server of its own outside the Swarm; undefined where they are temporary. */
  storage: Host | undefined;
  /** Every machine once, the manager first. */
  hosts: readonly Host[];
  /** The Swarm's nodes: manager and workers. */
  nodes: readonly Host[];
  /** The nodes that take users' servers: the workers, or the manager where there are none. */
  seatHosts: readonly Host[];
};

/** Connects to every machine of the configuration, side by side; says of all that cannot be reached, not of the first. */
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
  const looks = await Promise.allSettled(all.map(({ destination }) => connect(destination)));
  const hosts = looks.flatMap((look) => (look.status === "fulfilled" ? [look.value] : []));
  try {
    const errors = looks.flatMap((look) =>
      look.status === "rejected" ? [look.reason as unknown] : [],
    );
    if (errors.length > 0) throw oneError(errors);
    await refuseOneMachineTwice(hosts);
  } catch (error) {
    await Promise.all(hosts.map((each) => each.close()));
    throw error;
  }
  return clusterOf(config, secrets, hosts);
};

/** The hosts, in the configuration's order (manager, workers, storage server), by what they do. */
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

/** The class as a configuration with other workers says, over connections that are open: of its workers those among the hosts. */
export const clusterAmong = (
  { manager, storage, secrets }: Cluster,
  config: Config,
  hosts: readonly Host[],
): Cluster => {
  const open = new Map(hosts.map((host) => [host.name, host]));
  const workers = config.workers.filter(({ destination }) => open.has(destination));
  const server = storage === undefined || storage === manager ? [] : [storage];
  return clusterOf({ ...config, workers }, secrets, [
    manager,
    ...workers.flatMap(({ destination }) => open.get(destination) ?? []),
    ...server,
  ]);
};

/** Where the homes are kept, or were before the configuration called them temporary. */
export const homesHost = ({ storage, manager }: Cluster): Host => storage ?? manager;

/** Ends every connection. */
export const closeCluster = async ({ hosts }: Cluster): Promise<void> => {
  await Promise.all(hosts.map((host) => host.close()));
};

/** Throws a UserError (usage) that names both where two hosts are one machine. */
export const refuseOneMachineTwice = async (hosts: readonly Host[]): Promise<void> => {
  const names = new Map<string, string>();
  const looks = await Promise.all(hosts.map(async (host) => ({ host, ...(await host.facts()) })));
  for (const { host, machineId } of looks) {
    const other = names.get(machineId);
    if (other !== undefined)
      throw new UserError(
        `this is the same machine as ${other} (both have the machine-id ${machineId})`,
        {
          host: host.name,
          hint: "take one of them out of the configuration; clones of one disk need `rm /etc/machine-id && systemd-machine-id-setup` and a restart",
          code: exitCode.usage,
        },
      );
    names.set(machineId, host.name);
  }
};
