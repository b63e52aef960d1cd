import { loginProblems, preflight, preflightError } from "../checks/index.js";
import type { Cluster } from "../cluster/cluster.js";
import { refuseFull } from "../cluster/disks.js";
import { inspectMachines } from "../cluster/machines.js";
import { classUrl } from "../cluster/public-address.js";
import { scratchAdvice } from "../cluster/scratch.js";
import { outdatedSentence, outdatedServers } from "../images/outdated-servers.js";
import { refuseUnbuildable } from "../operator/build-folder.js";
import { pieces, rosterPiece } from "../pieces/index.js";
import { lockOf } from "../reconcile/lock.js";
import { type Piece, warnOfProblems } from "../reconcile/piece.js";
import { reconcile } from "../reconcile/reconcile.js";
import type { Terminal } from "../report/terminal.js";
import { inspectChangedAddresses } from "../swarm/changed-addresses.js";
import { formerServers } from "../swarm/list.js";
import { managerDocker } from "../swarm/membership.js";
import { duration, plural, printable } from "../text/format.js";
import { inspectCertificates } from "../tls/inspect.js";
import { confirmBy } from "./shared/confirm.js";
import { temporarySentence } from "./shared/homes.js";
import { methodChange } from "./shared/method-change.js";
import { type ClassOptions, operator, withCluster } from "./shared/session.js";
import { piecesWithTest, refuseNewcomers } from "./shared/tested-newcomers.js";
import { nextSteps } from "./up/next-steps.js";

/** The options of `swarmhub up`. */
export type UpOptions = ClassOptions & { yes: boolean; breakLock: boolean };

/** Sets up the machines as configured, and prints the address and how to log in. */
export const up = (options: UpOptions, terminal: Terminal, signal: AbortSignal): Promise<void> =>
  withCluster(
    options,
    terminal,
    async (cluster) => {
      const { report } = terminal;
      await refuseFull(cluster.hosts);
      const change = await methodChange(cluster);
      if (change !== undefined) report.event({ type: "warning", text: change });
      const slips: string[] = [];
      // Of a class that is not up yet, runPreflight tests all connections.
      const isUp = (await managerDocker(cluster)) !== undefined;
      const all = (isUp ? piecesWithTest(cluster) : pieces).map((piece) =>
        piece.name === "roster" ? (rosterPiece(new Set(), slips) as Piece) : piece,
      );
      const done = await reconcile(all, cluster, {
        report,
        confirm: confirmBy(terminal, options.yes),
        jobs: options.jobs,
        signal,
        lock: lockOf(cluster.manager, operator(), {
          breakLock: options.breakLock,
          report,
        }),
        preflight: () => runPreflight(cluster, terminal),
      });
      await warnOfProblems(pieces, cluster, report);
      for (const text of scratchAdvice(cluster, await inspectMachines(cluster)))
        report.event({ type: "note", text });
      for (const text of (await inspectCertificates(cluster)).warnings)
        report.event({ type: "warning", text });
      for (const text of await loginProblems(cluster)) report.event({ type: "warning", text });
      const earlier = await outdatedServers(cluster);
      if (earlier.length > 0) report.event({ type: "note", text: outdatedSentence(earlier) });
      const temporary = temporarySentence(cluster.config);
      if (temporary !== undefined) report.event({ type: "warning", text: temporary });
      const next = [
        ...(await nextSteps(cluster)),
        ...slips.map((path) => `print the slips in ${path}, then delete the file`),
      ];
      const text =
        done.changed === 0
          ? `${cluster.config.name} is up; nothing had to change (${duration(done.ms)})`
          : `${cluster.config.name} is up: ${done.changed} steps in ${duration(done.ms)}`;
      report.event({ type: "summary", text, changed: done.changed, ms: done.ms, next });
      terminal.close();
      const address = await classUrl(cluster);
      terminal.print(options.json ? JSON.stringify({ type: "result", address }) : address);
    },
    refuseUnbuildable,
  );

/**
 * Runs the checks on machines without a class; once it is up they would only cost time, but for the connections of new workers. Warns
 * before servers are stopped.
 */
const runPreflight = async (cluster: Cluster, { report }: Terminal): Promise<void> => {
  if ((await managerDocker(cluster)) !== undefined) {
    await refuseNewcomers(cluster);
    for (const { host, text } of await inspectChangedAddresses(
      cluster,
      await inspectMachines(cluster),
    ))
      report.event({ type: "warning", text: `${host.name}: ${text}` });
    const former = await formerServers(cluster);
    if (former.length > 0) report.event({ type: "warning", text: formerSentence(former) });
    return;
  }
  const found = await preflight(cluster);
  const error = preflightError(found, { listed: true });
  if (error !== undefined) throw error;
  for (const { level, host, text } of found)
    if (level === "warning")
      report.event({ type: "warning", text: host === undefined ? text : `${host}: ${text}` });
};

const formerSentence = (homes: readonly string[]): string =>
  `names of services now carry the class's name, so ${plural(homes.length, "server")} will be stopped (${printable(homes.join(", "))}): files are kept, and the users start their servers again`;
