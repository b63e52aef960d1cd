import { type Cluster, closeCluster, clusterAmong, connectCluster } from "../cluster/cluster.js";
import { inspectMachines } from "../cluster/machines.js";
import { seatsOf } from "../cluster/seats.js";
import type { Config, HostConfig } from "../config/types.js";
import { withoutWorkers } from "../config/yaml/edit-workers.js";
import { rewriteFile } from "../config/yaml/write-file.js";
import { UserError, exitCode } from "../errors.js";
import type { Host } from "../host/host.js";
import { pieces } from "../pieces/index.js";
import { withLock } from "../reconcile/lock.js";
import { onlyOn } from "../reconcile/piece.js";
import { removeAll, reconcile } from "../reconcile/reconcile.js";
import { runTasks } from "../reconcile/run-tasks.js";
import type { Terminal } from "../report/terminal.js";
import { duration, plural } from "../text/format.js";
import { quoteAll } from "../text/shell.js";
import { removeDeadMachines } from "./leave/dead-machines.js";
import { agreeToMove, moveServers } from "./leave/move-servers.js";
import { closeNode, drainNode, forgetNodes, membersAmong, membership } from "./leave/nodes.js";
import { type Moved, refuseNeeded, startAgain } from "./leave/servers.js";
import { confirmBy } from "./shared/confirm.js";
import { hostsFromArguments } from "./shared/hosts-argument.js";
import { type ClassOptions, type Session, operator, sessionOf } from "./shared/session.js";

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

/** What leaving did: steps, and whose servers were moved. */
type Left = { changed: number; moved: readonly Moved[] };

/** Takes machines out of a class that is up: their servers first, then the Swarm, the configuration, and what is ours on them. */
export const leave = async (
  options: LeaveOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> => {
  const begun = performance.now();
  const session = await sessionOf(options, terminal);
  const { config } = session;
  const meant = hostsFromArguments(options.hosts, undefined, config);
  refuseNeeded(config, meant);
  const left = config.workers.filter(
    ({ destination }) => !meant.some((each) => each.destination === destination),
  );
  const after: Config = { ...config, workers: left };
  const full: Config = { ...config, workers: [...left, ...meant] };
  const cluster = await connectAll(options.gone ? after : full, session, meant);
  try {
    const done = await withLock(
      cluster.manager,
      operator(),
      (lost) => {
        for (const host of cluster.hosts) host.forget();
        const run = { options, terminal, signal: AbortSignal.any([signal, lost]) };
        return options.gone
          ? removeDeadMachines(cluster, meant, () => settleWithout(cluster, after, meant, run))
          : leaveAlive(cluster, after, meant, run);
      },
      { breakLock: options.breakLock, report: terminal.report },
    );
    await summarise(withoutHosts(cluster, after), meant, done, begun, terminal, options);
  } finally {
    await closeCluster(cluster);
  }
};

type Run = { options: LeaveOptions; terminal: Terminal; signal: AbortSignal };

const leaveAlive = async (
  cluster: Cluster,
  after: Config,
  meant: readonly HostConfig[],
  run: Run,
): Promise<Left> => {
  const { options, terminal, signal } = run;
  const { report } = terminal;
  const names = new Set(meant.map(({ destination }) => destination));
  const leaving = cluster.workers.filter(({ name }) => names.has(name));
  const machines = await inspectMachines(cluster);
  const ids = new Set(leaving.map((host) => machines(host).facts.machineId));
  const members = await membersAmong(cluster, leaving);
  const command = `swarmhub leave ${quoteAll([...names])}`;
  const smaller = withoutHosts(cluster, after);

  await agreeToMove(cluster, smaller, members, terminal, options);
  await each("close", members, "let no more servers there", report, (host) =>
    closeNode(cluster, host),
  );
  const stopped = await moveServers(cluster, smaller, members, command, run);
  await each("drain", members, "take its seats away", report, (host) => drainNode(cluster, host));
  const how = { report, confirm: confirmBy(terminal, true), jobs: options.jobs, signal, command };
  const out = await removeAll(membership(leaving), cluster, how);
  await forgetNodes(cluster, ids);
  const { changed } = await settleWithout(cluster, after, meant, run);
  const moved = await Promise.all(
    stopped.map(async ({ user, again }) => again ?? startAgain(smaller, user)),
  );
  // Last, since it takes longest and nobody waits for it. What fails here is no part of the class any more.
  const cleared = await removeAll(onlyOn(leaving, pieces), cluster, how);
  return { changed: out.changed + changed + cleared.changed, moved };
};

/** The configuration without the machines, and the class as it says. */
const settleWithout = async (
  cluster: Cluster,
  after: Config,
  meant: readonly HostConfig[],
  { options, terminal, signal }: Run,
): Promise<Left> => {
  const gone = meant.map(({ destination }) => destination);
  await rewriteFile(options.config, (text) => withoutWorkers(text, options.config, gone));
  const done = await reconcile(pieces, withoutHosts(cluster, after), {
    report: terminal.report,
    confirm: confirmBy(terminal, options.yes),
    jobs: options.jobs,
    signal,
  });
  return { changed: done.changed, moved: [] };
};

/** The same class without its leaving machines; the connections are shared. */
const withoutHosts = (cluster: Cluster, after: Config): Cluster =>
  clusterAmong(cluster, after, cluster.workers);

const connectAll = async (
  config: Config,
  { secrets, connect }: Session,
  meant: readonly HostConfig[],
): Promise<Cluster> => {
  try {
    return await connectCluster(config, secrets, connect);
  } catch (error) {
    const lost = meant.filter(
      ({ destination }) => error instanceof UserError && error.message.includes(`${destination}: `),
    );
    if (!(error instanceof UserError) || error.code !== exitCode.unreachable || lost.length === 0)
      throw error;
    const hosts = quoteAll(lost.map(({ destination }) => destination));
    const hint = `if it is gone for good: \`swarmhub leave --gone ${hosts}\``;
    throw new UserError(error.message, {
      hint: `${error.hint ?? ""}\n${hint}`.trim(),
      code: error.code,
    });
  }
};

const each = async (
  piece: string,
  hosts: readonly Host[],
  title: string,
  report: Terminal["report"],
  run: (host: Host) => Promise<unknown>,
): Promise<void> => {
  const ends = await runTasks(
    piece,
    hosts.map((host) => ({ host: host.name, title, run: () => run(host) })),
    report,
  );
  for (const end of ends) if ("error" in end) throw end.error;
};

const summarise = async (
  smaller: Cluster,
  meant: readonly HostConfig[],
  { changed, moved }: Left,
  begun: number,
  terminal: Terminal,
  { json }: LeaveOptions,
): Promise<void> => {
  const left = meant.map(({ destination }) => destination);
  const seats = seatsOf(smaller, await inspectMachines(smaller));
  const ms = Math.round(performance.now() - begun);
  const failed = moved.filter(({ why }) => why !== undefined);
  const text = `${left.join(", ")} left ${smaller.config.name}: ${changed} steps in ${duration(ms)}`;
  const next = [
    `${plural(seats, "seat")} now`,
    ...(moved.length > failed.length
      ? [`${plural(moved.length - failed.length, "server")} started again elsewhere`]
      : []),
    ...failed.map(({ user, why }) => `the server of ${user} did not start again: ${why}`),
  ];
  terminal.report.event({ type: "summary", text, changed, ms, next });
  terminal.close();
  if (json) terminal.print(JSON.stringify({ type: "result", left, seats, moved }));
};
