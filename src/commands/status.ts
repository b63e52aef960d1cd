import type { Cluster } from "../cluster/cluster.js";
import { fewCoresLines } from "../cluster/cores.js";
import { diskJson, fillingText } from "../cluster/disks.js";
import { inspectMachines } from "../cluster/machines.js";
import { classUrl } from "../cluster/public-address.js";
import { seatsOf, seatsText } from "../cluster/seats.js";
import { UserError, exitCode } from "../errors.js";
import { outdatedSentence, outdatedServers } from "../images/outdated-servers.js";
import { pieces } from "../pieces/index.js";
import { type Piece, problemsOf } from "../reconcile/piece.js";
import { planAll } from "../reconcile/plan.js";
import type { Terminal } from "../report/terminal.js";
import { userServices } from "../swarm/list.js";
import { type WarmReport, inspectWarm } from "../swarm/warm.js";
import { printable } from "../text/format.js";
import { inspectCertificates } from "../tls/inspect.js";
import { homesLines, inspectClassHomes, temporarySentence } from "./shared/homes.js";
import { type ClassOptions, withCluster } from "./shared/session.js";
import { warmLines } from "./shared/warm.js";
import { certificateJson, certificateLine } from "./tls/text.js";

/** Shows drift, the address, the seats and the running servers; throws with code 6 if there is drift. */
export const status = (options: ClassOptions, terminal: Terminal): Promise<void> =>
  withCluster(options, terminal, async (cluster) => {
    const { config } = cluster;
    const [parts, machines, services, address, homes, certificates, earlier, warm] =
      await Promise.all([
        Promise.all(pieces.map((piece) => partOf(piece, cluster))),
        inspectMachines(cluster),
        userServices(cluster),
        classUrl(cluster),
        cluster.storage === undefined ? undefined : inspectClassHomes(cluster.storage),
        inspectCertificates(cluster),
        outdatedServers(cluster),
        warmOrNothing(cluster),
      ]);
    const users = services.map(({ home }) => home).toSorted();
    const seats = seatsOf(cluster, machines);
    const fillingDisks = cluster.hosts.flatMap((host) => fillingText(host, machines(host).facts));
    const drift = parts.filter(({ asWanted }) => !asWanted);

    if (options.json)
      terminal.print(
        JSON.stringify(
          {
            name: config.name,
            address,
            storage: config.storage.kind,
            homes: homes ?? null,
            certificate: certificateJson(certificates),
            seats,
            users,
            earlierImage: earlier,
            warm,
            machines: cluster.hosts.map((host) => diskJson(host, machines(host).facts)),
            pieces: parts.map(({ isRepairable: _, ...part }) => part),
          },
          null,
          2,
        ),
      );
    else {
      terminal.print(`${config.name}  ${address}`);
      terminal.print(`${seatsText(cluster, machines)}; ${users.length} in use`);
      if (users.length > 0) terminal.print(`running servers: ${printable(users.join(", "))}`);
      if (earlier.length > 0) terminal.print(outdatedSentence(earlier));
      const temporary = temporarySentence(config);
      if (temporary !== undefined) terminal.print(temporary);
      for (const line of homes === undefined ? [] : homesLines(homes)) terminal.print(line);
      if (certificates.status !== undefined) terminal.print(certificateLine(certificates));
      const lines = [...warmLines(warm), ...fewCoresLines(cluster, machines), ...fillingDisks];
      for (const line of lines) terminal.print(line);
      for (const { piece, asWanted, differs } of parts) {
        terminal.print(
          `${piece.padEnd(9)} ${asWanted ? "up to date" : `differs: ${differs[0] ?? ""}`}`,
        );
        for (const line of differs.slice(1)) terminal.print(`${" ".repeat(19)}${line}`);
      }
    }
    if (drift.length > 0)
      throw new UserError(
        `${drift.length} of ${parts.length} parts differ from the configuration`,
        {
          hint: drift.some(({ isRepairable }) => isRepairable)
            ? "`swarmhub up` repairs them"
            : "each line above says what to do",
          code: exitCode.drift,
        },
      );
    if (homes?.problem !== undefined)
      throw new UserError(homes.problem, {
        host: cluster.storage?.name,
        hint: "`swarmhub logs quota` shows its log, `swarmhub up` restarts it",
        code: exitCode.drift,
      });
  });

/** A hub that does not run, or is older, is drift, which the pieces report. */
const warmOrNothing = (cluster: Cluster): Promise<WarmReport> =>
  inspectWarm(cluster).catch((error: unknown): WarmReport => {
    if (error instanceof UserError) return { starts: [] };
    throw error;
  });

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
