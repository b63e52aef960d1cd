import { insist } from "./insist.js";

/**
 * Does a change that begins with a look at what it changes. Swarm refuses it where the thing changed in between, as nodes
 * do by themselves while they join: then it is done anew, for 20 s at most.
 */
export const inSequence = (change: () => Promise<unknown>): Promise<void> =>
  insist(change, { passes: (error) => /out of sequence/.test(String(error)), deadline: 20_000 });
