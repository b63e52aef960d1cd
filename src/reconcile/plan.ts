import { type Cluster, isLost } from "../cluster/cluster.js";
import { oneError } from "../errors.js";
import type { Lock } from "./lock.js";
import type { Piece, Planned, Step } from "./piece.js";

/** What a run shall reach, and the words for it. */
export type Goal = {
  steps: (piece: Piece, have: unknown, cluster: Cluster) => Step[];
  reached: string;
  /** What continues where a run stops. */
  command: string;
};

export const present: Goal = {
  steps: (piece, have, cluster) => piece.plan(cluster.config, have, cluster),
  reached: "Nothing to do: the machines match the configuration.",
  command: "swarmhub up",
};

export const absent: Goal = {
  steps: (piece, have, cluster) => piece.remove(have, cluster),
  reached: "Nothing to do: nothing of this class is on these machines.",
  command: "swarmhub down",
};

/** What `reconcile` would do first, piece by piece. Changes nothing. */
export const planAll = async (
  pieces: readonly Piece[],
  cluster: Cluster,
  goal: Goal = present,
): Promise<Planned[]> => {
  const plans = await Promise.allSettled(pieces.map((piece) => planOf(piece, cluster, goal)));
  const errors = plans.flatMap((plan) =>
    plan.status === "rejected" ? [plan.reason as unknown] : [],
  );
  if (errors.length > 0) throw oneError(errors);
  return plans.flatMap((plan, index) => {
    const piece = pieces[index];
    return plan.status === "fulfilled" && piece !== undefined ? [{ piece, steps: plan.value }] : [];
  });
};

/** The steps that one piece needs to reach the goal. */
export const planOf = async (piece: Piece, cluster: Cluster, goal: Goal): Promise<Step[]> =>
  goal
    .steps(piece, await piece.inspect(cluster), cluster)
    .filter(({ host }) => !isLost(cluster, host));

/** The plan where it has no steps: made without the lock, since it changes nothing. Undefined where there is work to do. */
export const planWithoutLock = async (
  pieces: readonly Piece[],
  cluster: Cluster,
  goal: Goal,
  { isHeld }: Lock,
): Promise<Planned[] | undefined> => {
  const [held, plans] = await Promise.allSettled([isHeld(), planAll(pieces, cluster, goal)]);
  // An error here comes again under the lock, after the preflight.
  if (held.status === "rejected" || held.value || plans.status === "rejected") return undefined;
  return plans.value.every(({ steps }) => steps.length === 0) ? plans.value : undefined;
};
