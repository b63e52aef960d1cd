import { UnreachableError } from "./errors.js";
import type { Host } from "./host.js";
import type { Progress } from "./step.js";
import { until } from "./until.js";

/** How long a machine is waited for and how often it is tried, in milliseconds. */
export type Patience = { wait: number; every?: number; signal?: AbortSignal };

/**
 * Connects to a machine that may have been made a second ago: tries again while it fails as one that still boots does.
 * Throws what the last try said; at once what does not pass by itself, as a wrong key.
 */
export const connectOnceUp = async (
  destination: string,
  connect: (destination: string) => Promise<Host>,
  progress: Progress,
  { wait, every = 2000, signal }: Patience,
): Promise<Host> => {
  let last: UnreachableError | undefined;
  return until(
    async () => {
      try {
        return await connect(destination);
      } catch (error) {
        const passes = error instanceof UnreachableError && error.mayBeBooting;
        if (!passes || signal?.aborted === true) throw error;
        last = error;
        progress(error.why);
        return undefined;
      }
    },
    { deadline: wait, every, otherwise: () => last as UnreachableError },
  );
};
