import { oneError } from "../errors.js";
import type { Planned } from "./piece.js";

/**
 * Runs the work of each piece after that of the one before it. A piece that `startsAfter` an earlier one starts already
 * then, and is waited for in its turn. After a failure all that has started is waited for, and one error tells of all.
 */
export const runInOrder = async (
  planned: readonly Planned[],
  work: (planned: Planned) => Promise<void>,
): Promise<void> => {
  const started = new Map<Planned, Promise<void>>();
  const start = (each: Planned): Promise<void> => {
    const running = started.get(each) ?? work(each);
    started.set(each, running);
    // Its failure is read in its turn.
    running.catch(() => {});
    return running;
  };
  try {
    for (const each of planned) {
      await start(each);
      const others = planned.filter(({ piece }) => piece.startsAfter === each.piece.name);
      for (const other of others) void start(other);
    }
  } catch {
    const ends = await Promise.allSettled(planned.flatMap((each) => started.get(each) ?? []));
    throw oneError(
      ends.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : [])),
    );
  }
};
