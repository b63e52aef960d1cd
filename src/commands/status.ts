import { type Cluster, answering, lostMachines } from "../cluster/cluster.js";
import { fewCoresLines } from "../cluster/cores.js";
import { diskJson, endedLines, fillingText } from "../cluster/disks.js";
import { type LostMachine, lostHint, lostText } from "../cluster/lost.js";
import { inspectMachines } from "../cluster/machines.js";
import { classUrl } from "../cluster/public-address.js";
import { scratchLines, scratchOf } from "../cluster/scratch.js";
import { seatsOf, seatsText } from "../cluster/seats.js";
import { UserError, exitCode } from "../errors.js";
import { outdatedSentence, outdatedServers } from "../images/outdated-servers.js";
import { pieces } from "../pieces/index.js";
import { type Piece, problemsOf } from "../reconcile/piece.js";
import { planAll } from "../reconcile/plan.js";
import type { Terminal } from "../report/terminal.js";
import { userServices } from "../swarm/list.js";
import { type ChangedAddress, inspectChangedAddresses } from "../swarm/changed-addresses.js";
import { type WarmReport, inspectWarm } from "../swarm/warm.js";
import { plural, printable } from "../text/format.js";
import { inspectCertificates } from "../tls/inspect.js";
import { homesLines, inspectClassHomes, temporarySentence } from "./shared/homes.js";
import { type ClassOptions, withReachable } from "./shared/session.js";
import { warmLines } from "./shared/warm.js";
import { inspectSharedFolder, sharedFolderLine } from "./status/shared-folder.js";
import { certificateJson, certificateLine } from "./tls/text.js";

/** Shows drift, the address, the seats and the running servers; throws with code 6 if there is drift. */
export const status = (options: ClassOptions, terminal: Terminal): Promise<void> =>
  withReachable(
    options,
    terminal,
    async (cluster) => {
      const { config } = cluster;
      const [parts, machines, services, address, homes, certificates, earlier, shared, warm] =
        await Promise.all([
          Promise.all(pieces.map((piece) => partOf(piece, cluster))),
          inspectMachines(cluster),
          userServices(cluster),
          classUrl(cluster),
          cluster.storage === undefined ? undefined : inspectClassHomes(cluster.storage),
          inspectCertificates(cluster),
          outdatedServers(cluster),
          inspectSharedFolder(cluster),
          warmOrNothing(cluster),
        ]);
      const changed = await inspectChangedAddresses(answering(cluster), machines);
      const users = services.map(({ home }) => home).toSorted();
      const seats = seatsOf(cluster, machines);
      const { hosts } = answering(cluster);
      const lost = lostMachines(cluster);
      const fillingDisks = hosts.flatMap((host) => {
        const { facts } = machines(host);
        return [...fillingText(host, facts), ...endedLines(host, facts)];
      });

      if (options.json)
        terminal.print(
          JSON.stringify(
            {
              name: config.name,
              address,
              storage: config.storage.kind,
              homes: homes ?? null,
              shared: shared ?? null,
              certificate: certificateJson(certificates),
              seats,
              users,
              earlierImage: earlier,
              warm,
              machines: hosts.map((host) => ({
                ...diskJson(host, machines(host).facts),
                scratch: cluster.seatHosts.includes(host)
                  ? scratchOf(cluster, host, machines(host).facts)
                  : null,
              })),
              changedAddresses: changed.map(({ host, ...rest }) => ({ host: host.name, ...rest })),
              lost: lost.map((machine) => ({ host: machine.destination, ...lostText(machine) })),
              pieces: parts.map(({ isRepairable: _, ...part }) => part),
            },
            null,
            2,
          ),
        );
      else {
        terminal.print(`${config.name}  ${address}`);
        for (const line of [...lost.flatMap(lostLines), ...changed.flatMap(changedLines)])
          terminal.print(line);
        terminal.print(`${seatsText(cluster, machines)}; ${users.length} in use`);
        if (users.length > 0) terminal.print(`running servers: ${printable(users.join(", "))}`);
        if (earlier.length > 0) terminal.print(outdatedSentence(earlier));
        const temporary = temporarySentence(config);
        if (temporary !== undefined) terminal.print(temporary);
        for (const line of homes === undefined ? [] : homesLines(homes)) terminal.print(line);
        if (shared !== undefined) terminal.print(sharedFolderLine(shared));
        if (certificates.status !== undefined) terminal.print(certificateLine(certificates));
        for (const line of [
          ...warmLines(warm),
          ...fewCoresLines(cluster, machines),
          ...scratchLines(cluster, machines),
          ...fillingDisks,
        ])
          terminal.print(line);
        for (const { piece, asWanted, differs } of parts) {
          terminal.print(
            `${piece.padEnd(9)} ${asWanted ? "up to date" : `differs: ${differs[0] ?? ""}`}`,
          );
          for (const line of differs.slice(1)) terminal.print(`${" ".repeat(19)}${line}`);
        }
      }
      throwDrift(cluster, parts, homes?.problem);
    },
    { warns: false },
  );

/** A hub that does not run, or is older, is drift, which the pieces report. */
const warmOrNothing = (cluster: Cluster): Promise<WarmReport> =>
  inspectWarm(cluster).catch((error: unknown): WarmReport => {
    if (error instanceof UserError) return { starts: [] };
    throw error;
  });

type Part = Awaited<ReturnType<typeof partOf>>;

/** Throws a UserError (drift) if a machine is lost, a part differs, or the watcher has a problem. */
const throwDrift = (
  cluster: Cluster,
  parts: readonly Part[],
  problem: string | undefined,
): void => {
  const lost = lostMachines(cluster).map(({ destination }) => destination);
  const drift = parts.filter(({ asWanted }) => !asWanted);
  const reasons = [
    ...(lost.length > 0 ? [`${plural(lost.length, "machine")} cannot be reached`] : []),
    ...(drift.length > 0
      ? [`${drift.length} of ${parts.length} parts differ from the configuration`]
      : []),
  ];
  if (reasons.length > 0) {
    const repair = drift.some(({ isRepairable }) => isRepairable)
      ? "`swarmhub up` repairs them"
      : "each line above says what to do";
    throw new UserError(reasons.join(", and "), {
      hint: lost.length > 0 ? lostHint(lost) : repair,
      code: exitCode.drift,
    });
  }
  if (problem !== undefined)
    throw new UserError(problem, {
      host: cluster.storage?.name,
      hint: "`swarmhub logs quota` shows its log, `swarmhub up` restarts it",
      code: exitCode.drift,
    });
};

/** "machine   worker2: its private address was …", and below it what to do. */
const changedLines = ({ host, text, hint }: ChangedAddress): string[] => [
  `${"machine".padEnd(9)} ${host.name}: ${text}`,
  `${" ".repeat(12)}→ ${hint}`,
];

/** "machine   worker2: cannot be reached: …", and below it what to do. */
const lostLines = (machine: LostMachine): string[] => {
  const { text, hint } = lostText(machine);
  return [
    `${"machine".padEnd(9)} ${machine.destination} ${printable(text)}`,
    ...(hint?.split("\n") ?? []).map((line) => `${" ".repeat(12)}→ ${line}`),
  ];
};

/** The state of one piece; an error of its plan is drift too, and so are problems that no step can repair. */
const partOf = async (piece: Piece, cluster: Cluster) => {
  const differs = await planAll([piece], cluster).then(
    (planned) =>
      planned.flatMap(({ steps }) => steps.map(({ host, title }) => `${host.name}: ${title}`)),
    (error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      return error.message.split("\n");
    },
  );
  const all = [...differs, ...(await problemsOf(piece, cluster))];
  return {
    piece: piece.name,
    asWanted: all.length === 0,
    isRepairable: differs.length > 0,
    differs: all,
  };
};
