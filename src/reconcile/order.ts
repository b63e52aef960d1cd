import { oneError } from "../errors.js";
import type { Planned } from "./piece.js";

/**
 * Does the work of each piece after that of the one before it; one that `beginsAfter` an earlier piece begins already then,
 * and is waited for in its turn. After a failure what has begun is waited for, and one error says of all.
 */
export const runInOrder = async (
  planned: readonly Planned[],
  work: (planned: Planned) => Promise<void>,
): Promise<void> => {
  const begun = new Map<Planned, Promise<void>>();
  const begin = (each: Planned): Promise<void> => {
    const running = begun.get(each) ?? work(each);
    begun.set(each, running);
    // Whether it failed is asked in its turn.
    running.catch(() => {});
    return running;
  };
  try {
    for (const each of planned) {
      await begin(each);
      const others = planned.filter(({ piece }) => piece.startsAfter === each.piece.name);
      for (const other of others) void begin(other);
    }
  } catch {
    const ends = await Promise.allSettled(planned.flatMap((each) => begun.get(each) ?? []));
    throw oneError(
      ends.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : [])),
    );
  }
};
