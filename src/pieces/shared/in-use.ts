import { absent } from "../../docker.js";
import { insist } from "./insist.js";

/**
 * Removes what Docker may call "in use" for a moment after its last user has gone: tries for 30 s, then throws what
 * Docker said at last. What is not there counts as removed.
 */
export const removeUnused = (remove: () => Promise<unknown>): Promise<void> =>
  insist(() => absent(remove()), {
    passes: (error) => /in use|active endpoints/i.test(String(error)),
    deadline: 30_000,
  });
