import { explain } from "../errors.js";
import type { Report } from "./event.js";
import type { Progress } from "../wait.js";

/** Something to do on one machine outside of the pieces, told as a step of a run. */
export type Task<Result> = {
  host: string;
  title: string;
  run: (progress: Progress) => Promise<Result>;
};

/** Does all at once under one heading, each to its end; answers what each came to, in their order. */
export const sideBySide = async <Result>(
  piece: string,
  tasks: readonly Task<Result>[],
  report: Report,
): Promise<PromiseSettledResult<Result>[]> => {
  const begun = performance.now();
  report.event({ type: "plan", pieces: [{ piece, steps: tasks.length }] });
  report.event({ type: "piece", piece, steps: tasks.length });
  const ends = await Promise.allSettled(
    tasks.map(async ({ host, title, run }) => {
      const step = { piece, host, title };
      const since = performance.now();
      const ms = (): number => Math.round(performance.now() - since);
      report.event({ type: "step-started", ...step });
      try {
        const result = await run((text) => report.event({ type: "step-progress", ...step, text }));
        report.event({ type: "step-done", ...step, ms: ms() });
        return result;
      } catch (error) {
        report.event({ type: "step-failed", ...step, ms: ms(), ...explain(error) });
        throw error;
      }
    }),
  );
  const ms = Math.round(performance.now() - begun);
  const hasFailed = ends.some(({ status }) => status === "rejected");
  if (hasFailed) report.event({ type: "piece-failed", piece, ms });
  else report.event({ type: "piece-done", piece, changed: tasks.length, ms });
  return ends;
};
