import type { Cluster } from "../cluster/cluster.js";
import { type Confirm, confirmOnce } from "./confirm.js";
import { interruption, stepsFailed, unconverged } from "./errors.js";
import type { Report } from "./event.js";
import type { Lock } from "./lock.js";
import type { Piece, Planned, Step } from "./piece.js";
import { type Goal, absent, planAll, planOf, planWithoutLock, present } from "./plan.js";
import { runInOrder } from "./run-in-order.js";
import { type Outcome, runSteps } from "./run-steps.js";

/** How long one step took, in milliseconds. */
type Timing = { piece: string; host: string; title: string; ms: number };

/** What a run did: the number of steps done, its whole time in milliseconds, and the time of each step. */
export type Reconciled = { changed: number; ms: number; timings: Timing[] };

/** How a run goes. */
export type ReconcileOptions = {
  report: Report;
  /** Asked about all steps that destroy something, before any step runs. */
  confirm: Confirm;
  /** Hosts that work at once; 16 by default. */
  jobs?: number | undefined;
  /** Once aborted no further step starts; running steps are waited for. */
  signal?: AbortSignal | undefined;
  /** A clock in milliseconds that only goes forward. */
  now?: (() => number) | undefined;
  /** Keeps other operators out; without it nothing does. */
  lock?: Lock | undefined;
  /** Checks before anything is changed; throws where something stands in the way. */
  preflight?: (() => Promise<void>) | undefined;
};

/** Makes the machines what the configuration says, piece by piece; throws one UserError for all that went wrong. */
export const reconcile = async (
  pieces: readonly Piece[],
  cluster: Cluster,
  options: ReconcileOptions,
  goal: Goal = present,
): Promise<Reconciled> => {
  const { report, confirm, lock, preflight, jobs = 16, now = () => performance.now() } = options;
  const startedAt = now();
  const runPlan = (planned: readonly Planned[], signal: AbortSignal | undefined) =>
    runPieces(planned, {
      cluster,
      goal,
      report,
      jobs,
      now,
      signal,
      confirm: confirmOnce(confirm, goal.command),
      timings: [],
    });
  const planAndRun = async (signal: AbortSignal | undefined): Promise<Timing[]> => {
    await preflight?.();
    return runPlan(await planAll(pieces, cluster, goal), signal);
  };

  report.event({ type: "survey", hosts: cluster.hosts.length });
  const idle = lock && (await planWithoutLock(pieces, cluster, goal, lock));
  const timings =
    idle !== undefined
      ? await runPlan(idle, options.signal)
      : await (lock === undefined
          ? planAndRun(options.signal)
          : lock.hold((lost) => {
              // The operator who held the lock until now may have changed what this run saw.
              for (const host of cluster.hosts) host.forget();
              return planAndRun(anyOf(options.signal, lost));
            }));
  return { changed: timings.length, ms: Math.round(now() - startedAt), timings };
};

/** Removes everything, the last piece first; `command` is what continues where it stops. */
export const removeAll = (
  pieces: readonly Piece[],
  cluster: Cluster,
  { command = absent.command, ...options }: ReconcileOptions & { command?: string },
): Promise<Reconciled> => reconcile(pieces.toReversed(), cluster, options, { ...absent, command });

/** One run over the pieces: what it needs, and the steps that it has done so far. */
type Run = {
  cluster: Cluster;
  goal: Goal;
  report: Report;
  confirm: (steps: readonly Step[]) => Promise<void>;
  jobs: number;
  now: () => number;
  signal: AbortSignal | undefined;
  timings: Timing[];
};

/** Asks about what destroys, then converges every piece in order; answers the time of each step. */
const runPieces = async (planned: readonly Planned[], run: Run): Promise<Timing[]> => {
  const { goal, report } = run;
  report.event({
    type: "plan",
    pieces: planned.map(({ piece, steps }) => ({ piece: piece.name, steps: steps.length })),
  });
  if (planned.every(({ steps }) => steps.length === 0))
    report.event({ type: "note", text: goal.reached });
  await run.confirm(planned.flatMap(({ steps }) => steps));
  await runInOrder(planned, (each) => convergePiece(each, run));
  return run.timings;
};

/**
 * Runs the steps of one piece, then plans it again: anything left is an error. What a step has seen running may have stopped since: where only that
 * is left, it is waited for once.
 */
const convergePiece = async ({ piece, steps: first }: Planned, run: Run): Promise<void> => {
  const { cluster, goal, report, now, signal, timings } = run;
  const { name } = piece;
  const startedAt = now();
  const elapsed = (): number => Math.round(now() - startedAt);
  let changed = 0;
  const perform = async (steps: readonly Step[]): Promise<void> => {
    await run.confirm(steps);
    if (signal?.aborted === true) throw interruption(name, steps, [], goal.command);
    changed += steps.length;
    report.event({ type: "piece", piece: name, steps: changed });
    const outcomes = await runSteps(steps, { piece: name, ...run });
    timings.push(...timingsOf(name, outcomes));
    if (outcomes.some(({ kind }) => kind === "failed"))
      throw stepsFailed(name, steps, outcomes, goal.command);
    if (outcomes.length < steps.length) throw interruption(name, steps, outcomes, goal.command);
  };
  try {
    // A change to an earlier piece may change what this one has to do.
    const steps = timings.length === 0 ? first : await planOf(piece, cluster, goal);
    if (steps.length > 0) {
      await perform(steps);
      let left = await planOf(piece, cluster, goal);
      if (left.length > 0 && left.every(({ waits }) => waits)) {
        await perform(left);
        left = await planOf(piece, cluster, goal);
      }
      if (left.length > 0) throw unconverged(name, left, goal.command);
    }
    report.event({ type: "piece-done", piece: name, changed, ms: elapsed() });
  } catch (error) {
    report.event({ type: "piece-failed", piece: name, ms: elapsed() });
    throw error;
  }
};

const timingsOf = (piece: string, outcomes: readonly Outcome[]): Timing[] =>
  outcomes.flatMap((outcome) =>
    outcome.kind === "done"
      ? [{ piece, host: outcome.step.host.name, title: outcome.step.title, ms: outcome.ms }]
      : [],
  );

const anyOf = (signal: AbortSignal | undefined, lost: AbortSignal): AbortSignal =>
  signal === undefined ? lost : AbortSignal.any([signal, lost]);
