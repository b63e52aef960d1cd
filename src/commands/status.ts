import type { Cluster } from "../cluster/cluster.js";
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
import { printable } from "../text/format.js";
import { inspectCertificates } from "../tls/inspect.js";
import { homesLines, inspectClassHomes, temporarySentence } from "./shared/homes.js";
import { type ClassOptions, withCluster } from "./shared/session.js";
import { certificateJson, certificateLine } from "./tls/text.js";

/** Shows each piece as wanted or what differs, the address, the seats and who is in; throws with code 6 where something differs. */
export const status = (options: ClassOptions, terminal: Terminal): Promise<void> =>
  withCluster(options, terminal, async (cluster) => {
    const { config } = cluster;
    const [parts, machines, services, address, homes, certificates, earlier] = await Promise.all([
      Promise.all(pieces.map((piece) => partOf(piece, cluster))),
      inspectMachines(cluster),
      userServices(cluster),
      classUrl(cluster),
      cluster.storage === undefined ? undefined : inspectClassHomes(cluster.storage),
      inspectCertificates(cluster),
      outdatedServers(cluster),
    ]);
    const users = services.map(({ home }) => home).toSorted();
    const seats = seatsOf(cluster, machines);
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
            pieces: parts.map(({ mendable: _, ...part }) => part),
          },
          null,
          2,
        ),
      );
    else {
      terminal.print(`${config.name}  ${address}`);
      terminal.print(`${seatsText(cluster, machines)}; ${users.length} taken`);
      if (users.length > 0) terminal.print(`in: ${printable(users.join(", "))}`);
      if (earlier.length > 0) terminal.print(outdatedSentence(earlier));
      const temporary = temporarySentence(config);
      if (temporary !== undefined) terminal.print(temporary);
      for (const line of homes === undefined ? [] : homesLines(homes)) terminal.print(line);
      if (certificates.status !== undefined) terminal.print(certificateLine(certificates));
      for (const { piece, asWanted, differs } of parts) {
        terminal.print(
          `${piece.padEnd(9)} ${asWanted ? "as wanted" : `differs: ${differs[0] ?? ""}`}`,
        );
        for (const line of differs.slice(1)) terminal.print(`${" ".repeat(19)}${line}`);
      }
    }
    if (drift.length > 0)
      throw new UserError(
        `${drift.length} of ${parts.length} pieces are not as the configuration says`,
        {
          hint: drift.some(({ mendable }) => mendable)
            ? "`swarmhub up` makes them so"
            : "what to do stands behind each of them above",
          code: exitCode.drift,
        },
      );
    if (homes?.trouble !== undefined)
      throw new UserError(homes.trouble, {
        host: cluster.storage?.name,
        hint: "`swarmhub logs quota` shows what it said, `swarmhub up` starts it anew",
        code: exitCode.drift,
      });
  });

/** One piece as it is; what it refuses to plan is something that differs, too, and what no step can mend. */
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
    mendable: differs.length > 0,
    differs: all,
  };
};
