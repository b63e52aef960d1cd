import { messageOf } from "./command.js";
import type { MountCheck } from "./mount-check.js";
import type { PassReport } from "./pass.js";
import type { Wakeup } from "./wakeup.js";

/** The parts of the watcher, which tests replace. */
export type Parts = {
  checkMount: MountCheck;
  pass: () => Promise<PassReport>;
  wakeup: Wakeup;
  /** Starts to notify `wakeup` of changes in the folders; returns the function that stops it. */
  listen: () => () => void;
  /** Called with each pass that ran, or with the reason why it could not. Only called while the storage is mounted. */
  onPass: (outcome: PassReport | { problem: string }) => Promise<void>;
};

/** The longest pause between two passes (ms). */
const longestPause = 30_000;

/**
 * The least pause between two passes (ms). A home that appears within this time after a pass waits that much longer. Without it, events in
 * a row would keep a core of the storage host busy.
 */
const leastPause = 300;

/** The pause after `failed` passes in a row with a failure: 1 s, 2 s, 4 s … up to the longest one (ms). */
const pauseAfter = (failed: number): number =>
  failed === 0 ? longestPause : Math.min(longestPause, 1000 * 2 ** (failed - 1));

/**
 * Runs one pass after the other until `signal` aborts, and then returns undefined; or returns at once the sentence that says
 * why the storage is not ready. It does not wait for the mount itself: a waiting container would hold the mount that it was
 * started with, so that the disk could not be mounted correctly; Docker restarts it, with growing pauses of up to a minute.
 */
export const runPasses = async (parts: Parts, signal: AbortSignal): Promise<string | undefined> => {
  const { checkMount, pass, wakeup, listen, onPass } = parts;
  let stopListening: (() => void) | undefined;
  let failed = 0;
  try {
    while (!signal.aborted) {
      const problem = await checkMount().catch(messageOf);
      if (signal.aborted) break;
      // Nothing is written then: it would go into the empty folder under the mount.
      if (problem !== undefined) return problem;
      stopListening ??= listen();
      const outcome = await pass().catch((error) => ({ problem: messageOf(error) }));
      if (signal.aborted) break;
      await onPass(outcome);
      failed = "problem" in outcome || outcome.failures.length > 0 ? failed + 1 : 0;
      // A home that fails again and again does not delay the new ones.
      const hasProgress = failed === 0 || ("repaired" in outcome && outcome.repaired.length > 0);
      if ("isBehind" in outcome && outcome.isBehind && hasProgress) continue;
      await wakeup.rest(leastPause, signal);
      await wakeup.wait(pauseAfter(failed), signal);
    }
    return undefined;
  } finally {
    stopListening?.();
  }
};
