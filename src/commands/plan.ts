import { fewCoresLines } from "../cluster/cores.js";
import { inspectMachines } from "../cluster/machines.js";
import { seatsText } from "../cluster/seats.js";
import { refuseUnbuildable } from "../operator/build-folder.js";
import { pieces } from "../pieces/index.js";
import { planAll } from "../reconcile/plan.js";
import type { Terminal } from "../report/terminal.js";
import { userServices } from "../swarm/list.js";
import { plural } from "../text/format.js";
import { type ClassOptions, withCluster } from "./shared/session.js";

/** Prints the steps that `swarmhub up` would run, without running them. */
export const plan = (options: ClassOptions, terminal: Terminal): Promise<void> =>
  withCluster(
    options,
    terminal,
    async (cluster) => {
      const planned = await planAll(pieces, cluster);
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
        return;
      }
      for (const { piece, step } of rows) {
        terminal.print(
          `${piece.padEnd(9)} ${step.host.name}: ${step.title}${step.detail ? ` (${step.detail})` : ""}`,
        );
        for (const line of step.changes ?? []) terminal.print(`${" ".repeat(10)}  ${line}`);
      }
      const [machines, services] = [await inspectMachines(cluster), await userServices(cluster)];
      terminal.print(`${seatsText(cluster, machines)}; ${services.length} in use`);
      for (const line of fewCoresLines(cluster, machines)) terminal.print(line);
      terminal.print(
        rows.length === 0
          ? "nothing to do"
          : `${plural(rows.length, "step")}; \`swarmhub up\` runs them`,
      );
    },
    refuseUnbuildable,
  );
