import { ifExists } from "../docker/client.js";
import { retryWhile } from "../wait.js";

/**
 * Does a change that begins with a look at what it changes. Swarm refuses it where the thing changed in between, as nodes
 * do by themselves while they join: then it is done anew, for 20 s at most.
 */
export const retryStaleVersion = (change: () => Promise<unknown>): Promise<void> =>
  retryWhile(change, {
    passes: (error) => /out of sequence/.test(String(error)),
    deadline: 20_000,
  });

/**
 * Removes what Docker may call "in use" for a moment after its last user has gone: tries for 30 s, then throws what
 * Docker said at last. What is not there counts as removed.
 */
export const removeWhenUnused = (remove: () => Promise<unknown>): Promise<void> =>
  retryWhile(() => ifExists(remove()), {
    passes: (error) => /in use|active endpoints/i.test(String(error)),
    deadline: 30_000,
  });
