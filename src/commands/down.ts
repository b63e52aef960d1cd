import type { Cluster } from "../cluster/cluster.js";
import { UserError, exitCode } from "../errors.js";
import {
  authorityFolder,
  certificatesErasure,
  hasAuthority,
  homesErasure,
  pieces,
  remainingHomes,
} from "../pieces/index.js";
import { withLock } from "../reconcile/lock.js";
import type { Piece } from "../reconcile/piece.js";
import { removeAll } from "../reconcile/reconcile.js";
import type { Terminal } from "../report/terminal.js";
import { duration } from "../text/format.js";
import { confirmBy } from "./shared/confirm.js";
import { type ClassOptions, operator, withCluster } from "./shared/session.js";

/** The options of `swarmhub down`. */
export type DownOptions = ClassOptions & {
  deleteHomes: boolean;
  deleteCertificates: boolean;
  yes: boolean;
  breakLock: boolean;
};

/** Removes the class and leaves the machines as they were; keeps the homes unless their deletion is confirmed by name. */
export const down = (
  options: DownOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> =>
  withCluster(options, terminal, async (cluster) => {
    const { config, manager } = cluster;
    if (options.deleteHomes) await askForName(terminal, config.name, options.yes);
    const toRemove: readonly Piece[] = [
      ...(options.deleteHomes ? [homesErasure] : []),
      ...(options.deleteCertificates ? [certificatesErasure] : []),
      ...pieces,
    ] as readonly Piece[];
    await withLock(
      manager,
      operator(),
      async (lost) => {
        const done = await removeAll(toRemove, cluster, {
          report: terminal.report,
          confirm: confirmBy(terminal, true),
          jobs: options.jobs,
          signal: AbortSignal.any([signal, lost]),
        });
        for (const text of options.deleteHomes ? await remainingHomes(cluster) : [])
          terminal.report.event({ type: "warning", text });
        const place = options.deleteHomes ? undefined : placeOfHomes(cluster);
        const next = [
          ...(place === undefined
            ? []
            : [`the homes are kept on ${place}; \`swarmhub up\` uses them again`]),
          ...(hasAuthority(await manager.facts())
            ? [
                `the issued certificates are kept in ${authorityFolder} of ${manager.name}; \`swarmhub up\` uses them again`,
              ]
            : []),
        ];
        const text = `${config.name} is down: ${done.changed} steps in ${duration(done.ms)}`;
        terminal.report.event({ type: "summary", text, changed: done.changed, ms: done.ms, next });
      },
      { breakLock: options.breakLock, report: terminal.report },
    );
  });

const placeOfHomes = ({ config, storage }: Cluster): string | undefined => {
  if (config.storage.kind !== "persistent" || storage === undefined) return undefined;
  const { backing } = config.storage;
  const disk = { device: "the disk", file: "a file", unnamed: "their disk" }[backing.kind];
  return `${backing.kind === "device" ? backing.path : disk} of ${storage.name}`;
};

const askForName = async (terminal: Terminal, name: string, yes: boolean): Promise<void> => {
  if (yes) return;
  const answer = await terminal.ask(
    `This erases every home of ${name} permanently. Type the name of the class to continue: `,
  );
  if (answer?.trim() !== name)
    throw new UserError("stopped: that is not the name of the class; nothing was changed", {
      code: exitCode.usage,
    });
};
