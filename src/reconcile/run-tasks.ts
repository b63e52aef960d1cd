import { oneError } from "../errors.js";
import type { Progress } from "../wait.js";
import type { Report } from "./event.js";
import { type End, runShown } from "./run-steps.js";

/** Something to do on one machine outside of the pieces, shown as a step of a run. */
export type Task<Result> = {
  host: string;
  title: string;
  run: (progress: Progress) => Promise<Result>;
};

/** Runs all tasks at once under one heading, each to its end; answers how each ended, in their order. */
export const runTasks = <Result>(
  piece: string,
  tasks: readonly Task<Result>[],
  report: Report,
): Promise<End<Result>[]> =>
  underHeading(piece, tasks.length, report, () =>
    Promise.all(tasks.map(({ run, ...task }) => runShown({ piece, ...task }, run, report))),
  );

/**
 * Runs one task after the other, each to its end, and closes the report. Throws one error for all that failed;
 * an aborted signal lets no further task start.
 */
export const runTasksInTurn = async (
  piece: string,
  tasks: readonly Task<unknown>[],
  report: Report,
  signal: AbortSignal,
): Promise<void> => {
  const ends = await underHeading(piece, tasks.length, report, async () => {
    const all: End<unknown>[] = [];
    for (const { run, ...task } of tasks)
      if (!signal.aborted) all.push(await runShown({ piece, ...task }, run, report));
    return all;
  });
  report.close();
  const errors = ends.flatMap((end) => ("error" in end ? [end.error] : []));
  if (errors.length > 0) throw oneError(errors);
};

const underHeading = async <Result>(
  piece: string,
  steps: number,
  report: Report,
  run: () => Promise<End<Result>[]>,
): Promise<End<Result>[]> => {
  const startedAt = performance.now();
  report.event({ type: "plan", pieces: [{ piece, steps }] });
  report.event({ type: "piece", piece, steps });
  const ends = await run();
  const ms = Math.round(performance.now() - startedAt);
  const hasFailed = ends.some((end) => "error" in end);
  if (hasFailed) report.event({ type: "piece-failed", piece, ms });
  else report.event({ type: "piece-done", piece, changed: steps, ms });
  return ends;
};
