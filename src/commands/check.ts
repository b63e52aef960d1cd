import { operatorMachine } from "../checks/check.js";
import { type Found, allChecks, preflightError, runChecks } from "../checks/index.js";
import type { Cluster } from "../cluster/cluster.js";
import { paint } from "../report/paint.js";
import type { Terminal } from "../report/terminal.js";
import { plural } from "../text/format.js";
import { tableOf } from "./check/table.js";
import { type ClassOptions, withReachable } from "./shared/session.js";

/** Runs every preflight check and prints the findings; throws a UserError (preflight) if one is an error. Changes nothing. */
export const check = (options: ClassOptions, terminal: Terminal): Promise<void> =>
  withReachable(
    options,
    terminal,
    async (cluster) => {
      if (!options.json) terminal.report.event({ type: "survey", hosts: cluster.hosts.length });
      const found = await runChecks(allChecks, cluster, operatorMachine);
      terminal.report.close();
      showFindings(found, cluster, terminal, options);
    },
    { warns: false },
  );

/** Prints the findings as a table or as JSON; throws a UserError (preflight) if one is an error. */
export const showFindings = (
  found: readonly Found[],
  cluster: Cluster,
  { print }: Pick<Terminal, "print">,
  { json }: Pick<ClassOptions, "json">,
): void => {
  if (json) print(JSON.stringify({ findings: found }, null, 2));
  else {
    for (const line of tableOf(found, cluster)) print(paint(line, Number.POSITIVE_INFINITY, false));
    print(summaryOf(found));
  }
  const error = preflightError(found, { listed: false });
  if (error !== undefined) throw error;
};

const summaryOf = (found: readonly Found[]): string => {
  const count = (level: Found["level"]) => found.filter((each) => each.level === level).length;
  const [errors, warnings] = [count("error"), count("warning")];
  const rest = warnings === 0 ? "" : `, ${plural(warnings, "warning")}`;
  return errors === 0 ? `preflight passed${rest}` : `${plural(errors, "error")}${rest}`;
};
