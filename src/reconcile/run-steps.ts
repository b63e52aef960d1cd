import { commonCode, exitCode, explain } from "../errors.js";
import type { Host } from "../host/host.js";
import type { Progress } from "../wait.js";
import type { Report } from "./event.js";
import type { Step, StepNote } from "./piece.js";

/** How a step ended; times in milliseconds. A step that an interruption kept from starting has no outcome. */
export type Outcome =
  | { kind: "done"; step: Step; ms: number }
  | { kind: "failed"; step: Step; ms: number; error: unknown }
  | { kind: "skipped"; step: Step; why: string };

/** How steps are run. `jobs` is the number of hosts that work at once; `now` is a clock in milliseconds. */
export type StepOptions = {
  piece: string;
  report: Report;
  jobs: number;
  now: () => number;
  signal?: AbortSignal | undefined;
};

/**
 * Runs the steps of one plan: hosts side by side, the steps of one host in order, each after the steps that it names.
 * Never throws what a step throws: the outcomes have it, and only steps that depend on the failed one are skipped.
 */
export const runSteps = async (
  steps: readonly Step[],
  { piece, report, jobs, now, signal }: StepOptions,
): Promise<Outcome[]> => {
  const before = prerequisites(steps);
  const outcomes = new Map<Step, Outcome>();
  const running = new Map<Step, Promise<void>>();

  const runStep = async (step: Step): Promise<void> => {
    const { host, title, detail, changes = [] } = step;
    for (const text of changes) report.event({ type: "note", text: `${piece}: ${text}` });
    const shown = { piece, host: host.name, title, ...(detail !== undefined && { detail }) };
    const end = await runShown(shown, (progress) => step.run(progress, signal), report, now);
    host.forget();
    // It stopped in the middle, so it is still to be done.
    if (
      signal?.aborted === true &&
      "error" in end &&
      commonCode([end.error]) === exitCode.interrupted
    )
      return;
    outcomes.set(step, "error" in end ? { kind: "failed", step, ...end } : doneIn(step, end.ms));
  };
  const skip = (step: Step, why: string): void => {
    outcomes.set(step, { kind: "skipped", step, why });
    report.event({ type: "step-skipped", piece, host: step.host.name, title: step.title, why });
  };
  /** Starts or skips every step that is ready; answers whether it skipped any, since others may wait for those. */
  const startReady = (): boolean => {
    let skipped = false;
    for (const step of steps) {
      if (outcomes.has(step) || running.has(step)) continue;
      const earlier = (before.get(step) ?? []).map((each) => outcomes.get(each));
      const broken = earlier.find((outcome) => outcome !== undefined && outcome.kind !== "done");
      if (broken !== undefined) {
        skip(step, reasonOf(broken, step.host));
        skipped = true;
      } else if (running.size < jobs && earlier.every((outcome) => outcome !== undefined)) {
        running.set(
          step,
          runStep(step).finally(() => running.delete(step)),
        );
      }
    }
    return skipped;
  };

  for (;;) {
    while (signal?.aborted !== true && startReady());
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  if (signal?.aborted !== true && outcomes.size < steps.length)
    throw new Error(`${piece}: ${steps.length - outcomes.size} steps wait for each other`);
  return steps.flatMap((step) => outcomes.get(step) ?? []);
};

/** How a unit of work is shown in a report. */
export type Shown = { piece: string; host: string; title: string; detail?: string };

/** How a unit of work ended, after how many milliseconds. */
export type End<Result> = { ms: number; result: Result } | { ms: number; error: unknown };

/** Runs one unit of work and reports its start, its progress and its end. Never throws: `error` is what it threw. */
export const runShown = async <Result>(
  { detail, ...shown }: Shown,
  work: (progress: Progress) => Promise<Result>,
  report: Report,
  now: () => number = () => performance.now(),
): Promise<End<Result>> => {
  const startedAt = now();
  const elapsed = (): number => Math.round(now() - startedAt);
  report.event({ type: "step-started", ...shown, ...(detail !== undefined && { detail }) });
  try {
    const result = await work((text) => report.event({ type: "step-progress", ...shown, text }));
    const ms = elapsed();
    report.event({ type: "step-done", ...shown, ms, ...noteOf(result) });
    return { ms, result };
  } catch (error) {
    const ms = elapsed();
    report.event({ type: "step-failed", ...shown, ms, ...explain(error) });
    return { ms, error };
  }
};

const noteOf = (result: unknown): Partial<StepNote> =>
  typeof result === "object" && result !== null && "note" in result
    ? { note: String(result.note) }
    : {};

const doneIn = (step: Step, ms: number): Outcome => ({ kind: "done", step, ms });

/** The steps that must be done before each step: the one before it on its host, and those that it names. */
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

/** Names the step at the root of a chain of skipped steps: the one that failed. */
const reasonOf = (broken: Outcome, host: Host): string =>
  broken.kind === "skipped"
    ? broken.why
    : `"${broken.step.title}" failed${broken.step.host === host ? "" : ` on ${broken.step.host.name}`}`;
