import type { Cluster } from "../../cluster/cluster.js";
import { limits, rosterPiece } from "../../pieces/index.js";
import { lockOf } from "../../reconcile/lock.js";
import type { Piece } from "../../reconcile/piece.js";
import { reconcile } from "../../reconcile/reconcile.js";
import type { Terminal } from "../../report/terminal.js";
import { duration } from "../../text/format.js";
import { confirmBy } from "../shared/confirm.js";
import { type ClassOptions, operator } from "../shared/session.js";

/** The options of commands that change the roster of a running class. */
export type RosterChangeOptions = ClassOptions & { yes: boolean; breakLock: boolean };

/**
 * Brings the roster to the manager, and the limits of homes that depend on its groups; nothing else of the class is touched.
 * People in `reset` get new passwords. Prints the paths of the slips.
 */
export const applyRoster = async (
  cluster: Cluster,
  reset: Set<string>,
  options: RosterChangeOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> => {
  const { report } = terminal;
  const slips: string[] = [];
  const pieces = [limits, rosterPiece(reset, slips)] as readonly Piece[];
  const done = await reconcile(pieces, cluster, {
    report,
    confirm: confirmBy(terminal, options.yes),
    jobs: options.jobs,
    signal,
    lock: lockOf(cluster.manager, operator(), { breakLock: options.breakLock, report }),
  });
  const text = `the roster of ${cluster.config.name} is up to date (${duration(done.ms)})`;
  const next = slips.length === 0 ? [] : ["print the slips, then delete the file"];
  report.event({ type: "summary", text, changed: done.changed, ms: done.ms, next });
  terminal.close();
  for (const path of slips)
    terminal.print(options.json ? JSON.stringify({ type: "result", slips: path }) : path);
};
