import { lostMachines } from "../cluster/cluster.js";
import { fewCoresLines } from "../cluster/cores.js";
import { type LostMachine, lostHint, lostText } from "../cluster/lost.js";
import { inspectMachines } from "../cluster/machines.js";
import { seatsText } from "../cluster/seats.js";
import { UserError, exitCode } from "../errors.js";
import { refuseUnbuildable } from "../operator/build-folder.js";
import { pieces } from "../pieces/index.js";
import { planAll } from "../reconcile/plan.js";
import type { Terminal } from "../report/terminal.js";
import { userServices } from "../swarm/list.js";
import { plural } from "../text/format.js";
import { methodChange } from "./shared/method-change.js";
import { type ClassOptions, withReachable } from "./shared/session.js";

/** Prints the steps that `swarmhub up` would run, without running them. */
export const plan = (options: ClassOptions, terminal: Terminal): Promise<void> =>
  withReachable(
    options,
    terminal,
    async (cluster) => {
      const planned = await planAll(pieces, cluster);
      const lost = lostMachines(cluster);
      const rows = planned.flatMap(({ piece, steps }) =>
        steps.map((step) => ({ piece: piece.name, step })),
      );
      if (options.json) {
        const list = rows.map(({ piece, step: { host, title, detail, changes, destroys } }) => ({
          piece,
          host: host.name,
          title,
          detail,
          changes,
          destroys,
        }));
        terminal.print(JSON.stringify(list, null, 2));
        throwLost(lost);
        return;
      }
      for (const { piece, step } of rows) {
        terminal.print(
          `${piece.padEnd(9)} ${step.host.name}: ${step.title}${step.detail ? ` (${step.detail})` : ""}`,
        );
        for (const line of step.changes ?? []) terminal.print(`${" ".repeat(10)}  ${line}`);
      }
      const change = await methodChange(cluster);
      if (change !== undefined) terminal.print(change);
      const [machines, services] = [await inspectMachines(cluster), await userServices(cluster)];
      terminal.print(`${seatsText(cluster, machines)}; ${services.length} in use`);
      for (const line of fewCoresLines(cluster, machines)) terminal.print(line);
      terminal.print(
        rows.length === 0
          ? "nothing to do"
          : `${plural(rows.length, "step")}; \`swarmhub up\` runs them`,
      );
      throwLost(lost);
    },
    { warns: false, prepare: refuseUnbuildable },
  );

/** `up` cannot run without these machines. */
const throwLost = (lost: readonly LostMachine[]): void => {
  if (lost.length === 0) return;
  throw new UserError(
    lost.map((machine) => `${machine.destination} ${lostText(machine).text}`).join("\n"),
    {
      hint: lostHint(lost.map(({ destination }) => destination)),
      code: exitCode.unreachable,
    },
  );
};
