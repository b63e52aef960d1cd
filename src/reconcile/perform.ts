import { explain } from "../errors.js";
import type { Host } from "../host/host.js";
import type { Report } from "./event.js";
import type { Step } from "./piece.js";

/** What performing needs besides the steps. `jobs` is the number of hosts at work at once; `now` is in milliseconds. */
export type Performing = {
  piece: string;
  report: Report;
  jobs: number;
  now: () => number;
  signal?: AbortSignal | undefined;
};

/**
 * Runs the steps of one plan: hosts side by side, the steps of one host in order, each after those it names.
 * Nothing that a step throws is thrown here: it is in the outcomes, and only what depends on that step is skipped.
 */
export const perform = async (
  steps: readonly Step[],
  { piece, report, jobs, now, signal }: Performing,
): Promise<Outcome[]> => {
  const before = prerequisites(steps);
  const outcomes = new Map<Step, Outcome>();
  const running = new Map<Step, Promise<void>>();

  const run = async (step: Step): Promise<void> => {
    const { title, detail } = step;
    const where = { piece, host: step.host.name, title };
    const begun = now();
    report.event({ type: "step-started", ...where, ...(detail === undefined ? {} : { detail }) });
    try {
      await step.run((text) => report.event({ type: "step-progress", ...where, text }));
      const ms = Math.round(now() - begun);
      outcomes.set(step, { kind: "done", step, ms });
      report.event({ type: "step-done", ...where, ms });
    } catch (error) {
      const ms = Math.round(now() - begun);
      outcomes.set(step, { kind: "failed", step, ms, error });
      report.event({ type: "step-failed", ...where, ms, ...explain(error) });
    } finally {
      step.host.forget();
    }
  };
  const skip = (step: Step, why: string): void => {
    outcomes.set(step, { kind: "skipped", step, why });
    report.event({ type: "step-skipped", piece, host: step.host.name, title: step.title, why });
  };
  /** Begins or skips what can be; answers whether it skipped any, as others may be waiting for those. */
  const next = (): boolean => {
    let skipped = false;
    for (const step of steps) {
      if (outcomes.has(step) || running.has(step)) continue;
      const earlier = (before.get(step) ?? []).map((each) => outcomes.get(each));
      const broken = earlier.find((outcome) => outcome !== undefined && outcome.kind !== "done");
      if (broken !== undefined) {
        skip(step, reason(broken, step.host));
        skipped = true;
      } else if (running.size < jobs && earlier.every((outcome) => outcome !== undefined)) {
        running.set(
          step,
          run(step).finally(() => running.delete(step)),
        );
      }
    }
    return skipped;
  };

  for (;;) {
    while (signal?.aborted !== true && next());
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  if (signal?.aborted !== true && outcomes.size < steps.length)
    throw new Error(`${piece}: ${steps.length - outcomes.size} steps wait for each other`);
  return steps.flatMap((step) => outcomes.get(step) ?? []);
};

/** The steps that must be done before each step: the one before it on its host, and those it names. */
const prerequisites = (steps: readonly Step[]): Map<Step, Step[]> => {
  const last = new Map<Host, Step>();
  const all = new Map<Step, Step[]>();
  for (const step of steps) {
    const stranger = step.after?.find((each) => !steps.includes(each));
    if (stranger !== undefined)
      throw new Error(`"${step.title}" waits for "${stranger.title}", which is not in its plan`);
    const previous = last.get(step.host);
    all.set(step, [...(previous === undefined ? [] : [previous]), ...(step.after ?? [])]);
    last.set(step.host, step);
  }
  return all;
};

/** The step at the root of it, so that a chain of skipped steps names the one that failed. */
const reason = (broken: Outcome, host: Host): string =>
  broken.kind === "skipped"
    ? broken.why
    : `"${broken.step.title}" failed${broken.step.host === host ? "" : ` on ${broken.step.host.name}`}`;

/** How a step ended; times in milliseconds. A step that an interruption kept from beginning has no outcome. */
export type Outcome =
  | { kind: "done"; step: Step; ms: number }
  | { kind: "failed"; step: Step; ms: number; error: unknown }
  | { kind: "skipped"; step: Step; why: string };
