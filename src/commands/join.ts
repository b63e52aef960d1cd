import { type Cluster, closeCluster, clusterAmong } from "../cluster/cluster.js";
import { fewCoresLines } from "../cluster/cores.js";
import { refuseFull } from "../cluster/disks.js";
import { inspectMachines } from "../cluster/machines.js";
import { seatsOf } from "../cluster/seats.js";
import type { Config, HostConfig } from "../config/types.js";
import { withWorkers, withoutWorkers } from "../config/yaml/edit-workers.js";
import { readText } from "../config/yaml/read-file.js";
import { rewriteFile } from "../config/yaml/write-file.js";
import { UserError, exitCode, oneError, reasonsOf } from "../errors.js";
import type { Host } from "../host/host.js";
import { refuseUnbuildable } from "../operator/build-folder.js";
import { pieces } from "../pieces/index.js";
import { lockOf } from "../reconcile/lock.js";
import { warnOfProblems } from "../reconcile/piece.js";
import { reconcile } from "../reconcile/reconcile.js";
import type { Terminal } from "../report/terminal.js";
import { managerDocker } from "../swarm/membership.js";
import { duration, plural } from "../text/format.js";
import { quoteAll } from "../text/shell.js";
import type { ClusterWith } from "./join/admission.js";
import { reachHosts } from "./join/reach.js";
import { type JoinResult, retryWithout } from "./join/retry-without.js";
import { confirmBy } from "./shared/confirm.js";
import { hostsFromArguments } from "./shared/hosts-argument.js";
import { type ClassOptions, connectAll, operator, sessionOf } from "./shared/session.js";
import { piecesWithTest } from "./shared/tested-newcomers.js";

/** The options of `swarmhub join`; `wait` is how long to wait for a machine that is booting, in milliseconds. */
export type JoinOptions = ClassOptions & {
  hosts: string[];
  address?: string;
  wait: number;
  yes: boolean;
  breakLock: boolean;
};

/** Adds machines to a running class and to its configuration; where one fails, the others still join. */
export const join = async (
  options: JoinOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> => {
  const { config, secrets, connect } = await sessionOf(options, terminal);
  await refuseUnbuildable(config);
  const requested = hostsFromArguments(options.hosts, options.address, config);
  const isRequested = ({ destination }: HostConfig): boolean =>
    requested.some((each) => each.destination === destination);
  const added = requested.filter((each) => !config.workers.includes(each));
  checkAdded(await readText(options.config), options.config, added);

  const full: Config = { ...config, workers: [...config.workers, ...added] };
  const base = { ...config, workers: config.workers.filter((each) => !isRequested(each)) };
  const cluster = await connectAll({ config: base, secrets, connect });
  let open: Host[] = [];
  try {
    if ((await managerDocker(cluster)) === undefined) throw notUp(cluster);
    await refuseFull(cluster.hosts);
    const clusterWith: ClusterWith = (newcomers) =>
      clusterAmong(cluster, full, [...cluster.workers, ...newcomers]);
    const reached = await reachHosts(requested, clusterWith, connect, {
      report: terminal.report,
      wait: options.wait,
      signal,
    });
    open = reached.open;
    if (reached.admitted.length === 0) throw notJoined(reached.failed, requested.length);
    // Before the first step, so that `swarmhub up` continues a run that is cut off.
    const isAdmitted = ({ destination }: HostConfig): boolean =>
      reached.admitted.some(({ name }) => name === destination);
    await rewriteFile(options.config, (text) =>
      withWorkers(text, options.config, added.filter(isAdmitted)),
    );
    const result = await retryWithout(
      reached.admitted,
      clusterWith,
      (grown, report) =>
        reconcile(piecesWithTest(grown), grown, {
          report,
          confirm: confirmBy(terminal, options.yes),
          jobs: options.jobs,
          signal,
          lock: lockOf(cluster.manager, operator(), {
            breakLock: options.breakLock,
            report,
          }),
        }),
      terminal.report,
      async (hosts) => {
        const names = hosts
          .map(({ name }) => name)
          .filter((name) => added.some(({ destination }) => destination === name));
        const text = `${hosts.map(({ name }) => name).join(", ")} cannot join; the other machines still do`;
        terminal.report.event({ type: "warning", text });
        await rewriteFile(options.config, (file) => withoutWorkers(file, options.config, names));
      },
    );
    const failed = new Map([...reached.failed, ...result.failed]);
    await summarise(result, failed, clusterWith, terminal, options);
    if (failed.size > 0) throw notJoined(failed, requested.length);
  } finally {
    await Promise.all(open.map((host) => host.close()));
    await closeCluster(cluster);
  }
};

/** Throws before anything is done what the configuration would complain about; the machines have no line in it yet. */
const checkAdded = (text: string, path: string, added: readonly HostConfig[]): void => {
  try {
    withWorkers(text, path, added);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // Complaints about the file have the hint to correct it, but these workers are not in it yet.
    const isAboutFile = error.causes.length > 0;
    throw new UserError(reasonsOf(error).join("\n"), {
      hint: isAboutFile ? undefined : error.hint,
      code: exitCode.usage,
    });
  }
};

const summarise = async (
  { joined, done }: JoinResult,
  failed: ReadonlyMap<string, unknown>,
  clusterWith: ClusterWith,
  terminal: Terminal,
  { json }: JoinOptions,
): Promise<void> => {
  const [before, after] = [clusterWith([]), clusterWith(joined)];
  const machines = await inspectMachines(after);
  const seats = seatsOf(after, machines);
  const earlier = seatsOf(before, await inspectMachines(before));
  // Such as that the manager keeps its seats while servers run there.
  await warnOfProblems(pieces, after, terminal.report);
  for (const text of fewCoresLines(after, machines))
    terminal.report.event({ type: "warning", text });
  const names = joined.map(({ name }) => name);
  const text = `${names.length === 0 ? "no machine" : names.join(", ")} joined ${after.config.name}: ${done.changed} steps in ${duration(done.ms)}`;
  const next = [`${plural(seats, "seat")} now, ${earlier} before`];
  terminal.report.event({ type: "summary", text, changed: done.changed, ms: done.ms, next });
  terminal.close();
  if (json)
    terminal.print(
      JSON.stringify({ type: "result", joined: names, failed: [...failed.keys()], seats }),
    );
};

const notUp = ({ config, manager }: Cluster): UserError =>
  new UserError(`${config.name} is not up yet`, {
    host: manager.name,
    hint: "add the machines to `workers` in the configuration, then `swarmhub up`",
    code: exitCode.preflight,
  });

const notJoined = (failed: ReadonlyMap<string, unknown>, all: number): UserError => {
  const cause = oneError([...new Set(failed.values())]);
  const error = cause instanceof UserError ? cause : new UserError(String(cause));
  const hosts = [...failed.keys()];
  const count =
    hosts.length < all ? `${hosts.length} of ${all} machines did not join` : "no machine joined";
  return new UserError(`${count}:\n${error.message}`, {
    hint: [error.hint, `\`swarmhub join ${quoteAll(hosts)}\` tries again`]
      .filter(Boolean)
      .join("\n"),
    code: error.code,
  });
};
