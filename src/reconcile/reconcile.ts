import type { Cluster } from "../cluster/cluster.js";
import { oneError } from "../errors.js";
import { type Confirm, confirmOnce } from "./confirm.js";
import { failure, interruption, unsettled } from "./errors.js";
import type { Report } from "./event.js";
import { runInOrder } from "./order.js";
import { perform } from "./perform.js";
import type { Piece, Planned, Step } from "./piece.js";

/** How long one step took, in milliseconds. */
type Timing = { piece: string; host: string; title: string; ms: number };

/** What a run did: the number of steps done, its whole time in milliseconds, and where that went. */
export type Reconciled = { changed: number; ms: number; timings: Timing[] };

/** How a run goes. */
export type ReconcileOptions = {
  report: Report;
  /** Asked about all steps that destroy something, before any step runs. */
  confirm: Confirm;
  /** Hosts at work at once; 16 by default. */
  jobs?: number | undefined;
  /** Once aborted no step begins any more; those that run are waited for. */
  signal?: AbortSignal | undefined;
  /** A clock in milliseconds that only goes forward. */
  now?: (() => number) | undefined;
  /** Keeps other operators out; without it nothing does. */
  lock?: Lock | undefined;
  /** A look at what stands in the way, before anything is changed; throws where something does. */
  preflight?: (() => Promise<void>) | undefined;
};

/** How other operators are kept out of what changes something. */
export type Lock = {
  /** Whether somebody seems to be at work: then even a run with nothing to do has to take its turn. */
  isHeld: () => Promise<boolean>;
  /** Does the work alone; `lost` is aborted when another took over. */
  hold: <Result>(work: (lost: AbortSignal) => Promise<Result>) => Promise<Result>;
};

/** Makes the cluster what its configuration says; throws one UserError for all that went wrong. */
export const reconcile = (
  pieces: readonly Piece[],
  cluster: Cluster,
  options: ReconcileOptions,
): Promise<Reconciled> => carryOut(pieces, cluster, wanted, options);

/** Takes everything away again, the last piece first; `command` is what goes on where it stops. */
export const removeAll = (
  pieces: readonly Piece[],
  cluster: Cluster,
  { command = gone.command, ...options }: ReconcileOptions & { command?: string },
): Promise<Reconciled> => carryOut(pieces.toReversed(), cluster, { ...gone, command }, options);

/** What `reconcile` would do first, piece by piece. Changes nothing. */
export const planAll = (pieces: readonly Piece[], cluster: Cluster): Promise<Planned[]> =>
  lookAtAll(pieces, cluster, wanted);

/** What is to be reached, and the words for it. */
type Goal = {
  steps: (piece: Piece, have: unknown, cluster: Cluster) => Step[];
  reached: string;
  command: string;
};

const wanted: Goal = {
  steps: (piece, have, cluster) => piece.plan(cluster.config, have, cluster),
  reached: "Nothing to do: everything is as the configuration says.",
  command: "swarmhub up",
};

const gone: Goal = {
  steps: (piece, have, cluster) => piece.remove(have, cluster),
  reached: "Nothing to do: nothing of this class is on these machines.",
  command: "swarmhub down",
};

const carryOut = async (
  pieces: readonly Piece[],
  cluster: Cluster,
  goal: Goal,
  options: ReconcileOptions,
): Promise<Reconciled> => {
  const { report, lock: exclusion, preflight, signal, now = () => performance.now() } = options;
  const begun = now();
  const change = async (stop: AbortSignal | undefined): Promise<Timing[]> => {
    await preflight?.();
    const planned = await lookAtAll(pieces, cluster, goal);
    return performAll(planned, cluster, goal, { ...options, signal: stop });
  };
  const changeAlone = ({ hold }: Lock): Promise<Timing[]> =>
    hold((lost) => {
      // Whoever held the lock until just now may have changed what was seen.
      for (const host of cluster.hosts) host.forget();
      return change(signal === undefined ? lost : AbortSignal.any([signal, lost]));
    });

  report.event({ type: "survey", hosts: cluster.hosts.length });
  const nothing = exclusion && (await nothingToDo(pieces, cluster, goal, exclusion));
  const timings =
    nothing !== undefined
      ? await performAll(nothing, cluster, goal, options)
      : await (exclusion === undefined ? change(signal) : changeAlone(exclusion));
  return { changed: timings.length, ms: Math.round(now() - begun), timings };
};

/** The plan without a step, where there is nothing to do: seen without the lock, since nothing comes of it. */
const nothingToDo = async (
  pieces: readonly Piece[],
  cluster: Cluster,
  goal: Goal,
  { isHeld }: Lock,
): Promise<Planned[] | undefined> => {
  const [held, looks] = await Promise.allSettled([isHeld(), lookAtAll(pieces, cluster, goal)]);
  // What was refused is said by the look under the lock, after the preflight.
  if (held.status === "rejected" || held.value || looks.status === "rejected") return undefined;
  return looks.value.every(({ steps }) => steps.length === 0) ? looks.value : undefined;
};

/** Performs what is planned, piece by piece. */
const performAll = async (
  planned: readonly Planned[],
  cluster: Cluster,
  goal: Goal,
  { report, confirm, jobs = 16, signal, now = () => performance.now() }: ReconcileOptions,
): Promise<Timing[]> => {
  const timings: Timing[] = [];
  const agree = confirmOnce(confirm, goal.command);

  report.event({
    type: "plan",
    pieces: planned.map(({ piece, steps }) => ({ piece: piece.name, steps: steps.length })),
  });
  if (planned.every(({ steps }) => steps.length === 0))
    report.event({ type: "note", text: goal.reached });
  await agree(planned.flatMap(({ steps }) => steps));

  /** Brings one piece to the goal and answers how many steps that took. */
  const settle = async (piece: Piece, steps: readonly Step[]): Promise<number> => {
    if (steps.length === 0) return 0;
    const { name } = piece;
    await agree(steps);
    if (signal?.aborted === true) throw interruption(name, steps, [], goal.command);

    report.event({ type: "piece", piece: name, steps: steps.length });
    const outcomes = await perform(steps, { piece: name, report, jobs, now, signal });
    for (const outcome of outcomes) {
      const { host, title } = outcome.step;
      if (outcome.kind === "done")
        timings.push({ piece: name, host: host.name, title, ms: outcome.ms });
    }
    if (outcomes.some(({ kind }) => kind === "failed"))
      throw failure(name, steps, outcomes, goal.command);
    if (outcomes.length < steps.length) throw interruption(name, steps, outcomes, goal.command);

    const left = await look(piece, cluster, goal);
    if (left.length > 0) throw unsettled(name, left, goal.command);
    return steps.length;
  };

  const bringAbout = async ({ piece, steps }: Planned): Promise<void> => {
    const pieceBegun = now();
    const ending = () => ({ piece: piece.name, ms: Math.round(now() - pieceBegun) });
    try {
      // What an earlier piece changed may change what this one has to do.
      const fresh = timings.length === 0 ? steps : await look(piece, cluster, goal);
      const changed = await settle(piece, fresh);
      report.event({ type: "piece-done", changed, ...ending() });
    } catch (error) {
      report.event({ type: "piece-failed", ...ending() });
      throw error;
    }
  };

  await runInOrder(planned, bringAbout);
  return timings;
};

const look = async (piece: Piece, cluster: Cluster, goal: Goal): Promise<Step[]> =>
  goal.steps(piece, await piece.inspect(cluster), cluster);

const lookAtAll = async (
  pieces: readonly Piece[],
  cluster: Cluster,
  goal: Goal,
): Promise<Planned[]> => {
  const looks = await Promise.allSettled(pieces.map((piece) => look(piece, cluster, goal)));
  const errors = looks.flatMap((each) =>
    each.status === "rejected" ? [each.reason as unknown] : [],
  );
  if (errors.length > 0) throw oneError(errors);
  return pieces.map((piece, index) => {
    const steps = looks[index];
    return { piece, steps: steps?.status === "fulfilled" ? steps.value : [] };
  });
};
