import { type Cluster, answering, lostMachines } from "../cluster/cluster.js";
import { type LostMachine, lostText } from "../cluster/lost.js";
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
import { type ClassOptions, operator, withReachable } from "./shared/session.js";

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
  withReachable(
    options,
    terminal,
    async (whole) => {
      await askToGoOnWithout(lostMachines(whole), terminal, options.yes);
      const cluster = answering(whole);
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
          for (const { destination } of lostMachines(whole))
            terminal.report.event({
              type: "warning",
              text: `${destination} still has its part of the class; when it answers again, type \`swarmhub down\` once more, or erase it`,
            });
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
          terminal.report.event({
            type: "summary",
            text,
            changed: done.changed,
            ms: done.ms,
            next,
          });
        },
        { breakLock: options.breakLock, report: terminal.report },
      );
    },
    { warns: false },
  );

const placeOfHomes = ({ config, storage }: Cluster): string | undefined => {
  if (config.storage.kind !== "persistent" || storage === undefined) return undefined;
  const { backing } = config.storage;
  const disk = { device: "the disk", file: "a file", unnamed: "their disk" }[backing.kind];
  return `${backing.kind === "device" ? backing.path : disk} of ${storage.name}`;
};

/** A lost worker keeps its part of the class, and its containers while it runs. */
const askToGoOnWithout = async (
  lost: readonly LostMachine[],
  terminal: Terminal,
  yes: boolean,
): Promise<void> => {
  if (lost.length === 0 || yes) return;
  const names = lost.map(({ destination }) => destination).join(", ");
  const lines = lost
    .map((machine) => `${machine.destination} ${lostText(machine).text}`)
    .join("\n");
  const answer = await terminal.ask(`${lines}\nRemove the class without ${names}? (yes/no) `);
  if (answer?.trim().toLowerCase() === "yes") return;
  throw new UserError(answer === undefined ? lines : "stopped: nothing was changed", {
    hint: `to remove the class without ${names}: \`swarmhub down --yes\``,
    code: answer === undefined ? exitCode.unreachable : exitCode.usage,
  });
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
