import { type Cluster, closeCluster, clusterAmong } from "../cluster/cluster.js";
import { refuseFull } from "../cluster/disks.js";
import { inspectMachines } from "../cluster/machines.js";
import { seatsOf } from "../cluster/seats.js";
import type { Config, HostConfig } from "../config/types.js";
import { withoutWorkers } from "../config/yaml/edit-workers.js";
import { rewriteFile } from "../config/yaml/write-file.js";
import { pieces } from "../pieces/index.js";
import { withLock } from "../reconcile/lock.js";
import { onlyOn } from "../reconcile/piece.js";
import { removeAll, reconcile } from "../reconcile/reconcile.js";
import type { Terminal } from "../report/terminal.js";
import { duration, plural } from "../text/format.js";
import { quoteAll } from "../text/shell.js";
import { removeDeadMachines } from "./leave/dead-machines.js";
import { confirmMove, moveServers } from "./leave/move-servers.js";
import {
  closeNodes,
  drainNodes,
  forgetNodes,
  membersAmong,
  membershipPieces,
} from "./leave/nodes.js";
import { type RestartResult, refuseNeeded, restartServer } from "./leave/servers.js";
import { confirmBy } from "./shared/confirm.js";
import { hostsFromArguments } from "./shared/hosts-argument.js";
import { type ClassOptions, connectAll, operator, sessionOf } from "./shared/session.js";

/** The options of `swarmhub leave`; `grace` is in milliseconds. */
export type LeaveOptions = ClassOptions & {
  hosts: string[];
  now: boolean;
  whenIdle: boolean;
  grace: number;
  gone: boolean;
  yes: boolean;
  breakLock: boolean;
};

/** The number of steps, and the users whose servers were moved. */
type LeaveResult = { changed: number; moved: readonly RestartResult[] };

/** Removes machines from a running class: moves their servers, then changes the Swarm and the configuration, then cleans them up. */
export const leave = async (
  options: LeaveOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> => {
  const started = performance.now();
  const session = await sessionOf(options, terminal);
  const { config } = session;
  const leaving = hostsFromArguments(options.hosts, undefined, config);
  refuseNeeded(config, leaving);
  const staying = config.workers.filter(
    ({ destination }) => !leaving.some((each) => each.destination === destination),
  );
  const after: Config = { ...config, workers: staying };
  const full: Config = { ...config, workers: [...staying, ...leaving] };
  const cluster = await connectAll({ ...session, config: options.gone ? after : full });
  try {
    // Not the leaving ones: a machine that is full may leave.
    await refuseFull(withoutHosts(cluster, after).hosts);
    const result = await withLock(
      cluster.manager,
      operator(),
      (lost) => {
        for (const host of cluster.hosts) host.forget();
        const run = { options, terminal, signal: AbortSignal.any([signal, lost]) };
        return options.gone
          ? removeDeadMachines(cluster, leaving, () =>
              reconcileWithout(cluster, after, leaving, run),
            )
          : removeLiveMachines(cluster, after, leaving, run);
      },
      { breakLock: options.breakLock, report: terminal.report },
    );
    await summarise(withoutHosts(cluster, after), leaving, result, started, terminal, options);
  } finally {
    await closeCluster(cluster);
  }
};

type Run = { options: LeaveOptions; terminal: Terminal; signal: AbortSignal };

const removeLiveMachines = async (
  cluster: Cluster,
  after: Config,
  machines: readonly HostConfig[],
  run: Run,
): Promise<LeaveResult> => {
  const { options, terminal, signal } = run;
  const { report } = terminal;
  const names = new Set(machines.map(({ destination }) => destination));
  const leaving = cluster.workers.filter(({ name }) => names.has(name));
  const machineFor = await inspectMachines(cluster);
  const ids = new Set(leaving.map((host) => machineFor(host).facts.machineId));
  const members = await membersAmong(cluster, leaving);
  const command = `swarmhub leave ${quoteAll([...names])}`;
  const smaller = withoutHosts(cluster, after);

  await confirmMove(cluster, smaller, members, terminal, options);
  await closeNodes(cluster, members, report);
  const stopped = await moveServers(cluster, smaller, members, command, run);
  await drainNodes(cluster, members, report);
  const runOptions = {
    report,
    confirm: confirmBy(terminal, true),
    jobs: options.jobs,
    signal,
    command,
  };
  const removed = await removeAll(membershipPieces(leaving), cluster, runOptions);
  await forgetNodes(cluster, ids);
  const { changed } = await reconcileWithout(cluster, after, machines, run);
  const moved = await Promise.all(
    stopped.map(async ({ user, restart }) => restart ?? restartServer(smaller, user)),
  );
  // Last, since it takes longest and nobody waits for it. These machines are no longer part of the class.
  const cleaned = await removeAll(onlyOn(leaving, pieces), cluster, runOptions);
  return { changed: removed.changed + changed + cleaned.changed, moved };
};

/** Removes the machines from the configuration, and reconciles the class with it. */
const reconcileWithout = async (
  cluster: Cluster,
  after: Config,
  machines: readonly HostConfig[],
  { options, terminal, signal }: Run,
): Promise<LeaveResult> => {
  const names = machines.map(({ destination }) => destination);
  await rewriteFile(options.config, (text) => withoutWorkers(text, options.config, names));
  const done = await reconcile(pieces, withoutHosts(cluster, after), {
    report: terminal.report,
    confirm: confirmBy(terminal, options.yes),
    jobs: options.jobs,
    signal,
  });
  return { changed: done.changed, moved: [] };
};

/** The same class without the leaving machines, on the same connections. */
const withoutHosts = (cluster: Cluster, after: Config): Cluster =>
  clusterAmong(cluster, after, cluster.workers);

const summarise = async (
  smaller: Cluster,
  leaving: readonly HostConfig[],
  { changed, moved }: LeaveResult,
  started: number,
  terminal: Terminal,
  { json }: LeaveOptions,
): Promise<void> => {
  const left = leaving.map(({ destination }) => destination);
  const seats = seatsOf(smaller, await inspectMachines(smaller));
  const ms = Math.round(performance.now() - started);
  const failed = moved.filter(({ why }) => why !== undefined);
  const text = `${left.join(", ")} left ${smaller.config.name}: ${changed} steps in ${duration(ms)}`;
  const next = [
    `${plural(seats, "seat")} now`,
    ...(moved.length > failed.length
      ? [`${plural(moved.length - failed.length, "server")} restarted on another machine`]
      : []),
    ...failed.map(({ user, why }) => `the server of ${user} did not restart: ${why}`),
  ];
  terminal.report.event({ type: "summary", text, changed, ms, next });
  terminal.close();
  if (json) terminal.print(JSON.stringify({ type: "result", left, seats, moved }));
};
