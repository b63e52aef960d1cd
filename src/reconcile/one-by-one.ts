import { explain, oneError } from "../errors.js";
import type { Report } from "./event.js";

/** Something to do, for one home for example, told as a step of a run. */
export type Task = { title: string; run: (progress: (text: string) => void) => Promise<void> };

/** Does one after the other, each to its end; what failed is one error at the end. An abort lets none begin. */
export const oneByOne = async (
  tasks: readonly Task[],
  host: string,
  report: Report,
  signal: AbortSignal,
  piece = "homes",
): Promise<void> => {
  const begun = performance.now();
  const errors: unknown[] = [];
  report.event({ type: "plan", pieces: [{ piece, steps: tasks.length }] });
  report.event({ type: "piece", piece, steps: tasks.length });
  for (const { title, run } of tasks) {
    if (signal.aborted) break;
    const step = { piece, host, title };
    const since = performance.now();
    report.event({ type: "step-started", ...step });
    try {
      await run((text) => report.event({ type: "step-progress", ...step, text }));
      report.event({ type: "step-done", ...step, ms: performance.now() - since });
    } catch (error) {
      errors.push(error);
      const ms = performance.now() - since;
      report.event({ type: "step-failed", ...step, ms, ...explain(error) });
    }
  }
  const ms = performance.now() - begun;
  if (errors.length === 0) report.event({ type: "piece-done", piece, changed: tasks.length, ms });
  else report.event({ type: "piece-failed", piece, ms });
  report.close();
  if (errors.length > 0) throw oneError(errors);
};
