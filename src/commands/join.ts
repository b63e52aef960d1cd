import { type Cluster, closeCluster, clusterAmong, connectCluster } from "../cluster/cluster.js";
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
import { type Settled, retryWithout } from "./join/retry-without.js";
import { confirmBy } from "./shared/confirm.js";
import { hostsFromArguments } from "./shared/hosts-argument.js";
import { type ClassOptions, operator, sessionOf } from "./shared/session.js";

/** The options of `swarmhub join`; `wait` is how long a machine may take to answer, in milliseconds. */
export type JoinOptions = ClassOptions & {
  hosts: string[];
  address?: string;
  wait: number;
  yes: boolean;
  breakLock: boolean;
};

/** Adds machines to a running class and to its configuration; one that fails stays out of both, and the others join. */
export const join = async (
  options: JoinOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> => {
  const { config, secrets, connect } = await sessionOf(options, terminal);
  await refuseUnbuildable(config);
  const meant = hostsFromArguments(options.hosts, options.address, config);
  const isMeant = ({ destination }: HostConfig): boolean =>
    meant.some((each) => each.destination === destination);
  const more = meant.filter((each) => !config.workers.includes(each));
  refuseMisfits(await readText(options.config), options.config, more);

  const full: Config = { ...config, workers: [...config.workers, ...more] };
  const base = { ...config, workers: config.workers.filter((each) => !isMeant(each)) };
  const cluster = await connectCluster(base, secrets, connect);
  let open: Host[] = [];
  try {
    if ((await managerDocker(cluster)) === undefined) throw notUp(cluster);
    const clusterWith: ClusterWith = (newcomers) =>
      clusterAmong(cluster, full, [...cluster.workers, ...newcomers]);
    const met = await reachHosts(meant, clusterWith, connect, {
      report: terminal.report,
      wait: options.wait,
      signal,
    });
    open = met.open;
    if (met.sane.length === 0) throw stayedOut(met.failed, meant.length);
    // Before the first step, so that `swarmhub up` goes on where this run is cut off.
    const isSane = ({ destination }: HostConfig): boolean =>
      met.sane.some(({ name }) => name === destination);
    await rewriteFile(options.config, (text) =>
      withWorkers(text, options.config, more.filter(isSane)),
    );
    const settled = await retryWithout(
      met.sane,
      clusterWith,
      (grown, report) =>
        reconcile(pieces, grown, {
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
          .filter((name) => more.some(({ destination }) => destination === name));
        const text = `${hosts.map(({ name }) => name).join(", ")} cannot join; the class goes on without`;
        terminal.report.event({ type: "warning", text });
        await rewriteFile(options.config, (file) => withoutWorkers(file, options.config, names));
      },
    );
    const failed = new Map([...met.failed, ...settled.failed]);
    await summarise(settled, failed, clusterWith, terminal, options);
    if (failed.size > 0) throw stayedOut(failed, meant.length);
  } finally {
    await Promise.all(open.map((host) => host.close()));
    await closeCluster(cluster);
  }
};

/** What the file would say of them, said before anything is done: there is no line of it yet to point at. */
const refuseMisfits = (text: string, path: string, more: readonly HostConfig[]): void => {
  try {
    withWorkers(text, path, more);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // The hint of a complaint is to correct the file, in which these workers are not written yet.
    const isOfFile = error.causes.length > 0;
    throw new UserError(reasonsOf(error).join("\n"), {
      hint: isOfFile ? undefined : error.hint,
      code: exitCode.usage,
    });
  }
};

const summarise = async (
  { joined, done }: Settled,
  failed: ReadonlyMap<string, unknown>,
  clusterWith: ClusterWith,
  terminal: Terminal,
  { json }: JoinOptions,
): Promise<void> => {
  const [before, after] = [clusterWith([]), clusterWith(joined)];
  const seats = seatsOf(after, await inspectMachines(after));
  const earlier = seatsOf(before, await inspectMachines(before));
  // As that the manager keeps its seats for those who sit there.
  await warnOfProblems(pieces, after, terminal.report);
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
  new UserError(`${config.name} is not up, so there is no class to join`, {
    host: manager.name,
    hint: "`swarmhub up` makes it; write the machines among the workers first",
    code: exitCode.preflight,
  });

const stayedOut = (failed: ReadonlyMap<string, unknown>, all: number): UserError => {
  const why = oneError([...new Set(failed.values())]);
  const error = why instanceof UserError ? why : new UserError(String(why));
  const hosts = [...failed.keys()];
  const what =
    hosts.length < all ? `${hosts.length} of ${all} machines stayed out` : "no machine joined";
  return new UserError(`${what}:\n${error.message}`, {
    hint: [error.hint, `\`swarmhub join ${quoteAll(hosts)}\` tries again`]
      .filter(Boolean)
      .join("\n"),
    code: error.code,
  });
};
