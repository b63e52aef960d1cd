import { wordsOf } from "./command.js";
import type { Readiness } from "./mount-check.js";
import type { PassReport } from "./pass.js";
import type { Wakeup } from "./wakeup.js";

/** The watcher's parts, so that a test can give others. */
export type Parts = {
  isReady: Readiness;
  pass: () => Promise<PassReport>;
  wakeup: Wakeup;
  /** Starts ringing the bell when homes come and go; answers how to stop. */
  listen: () => () => void;
  /** Hears of each pass that ran, or why it could not. Only called while the storage is mounted. */
  onPass: (outcome: PassReport | { problem: string }) => Promise<void>;
};

/** Without a ring a pass comes this often (ms). */
export const slowTimer = 30_000;

/** Pause before the next try after `failed` passes in a row with a failure: 1 s, 2 s, 4 s … up to the slow timer (ms). */
export const pauseAfter = (failed: number): number =>
  failed === 0 ? slowTimer : Math.min(slowTimer, 1000 * 2 ** (failed - 1));

/**
 * Makes one pass after the other until `signal` aborts. Answers undefined then, or at once the sentence that says why the
 * storage is not ready. It does not wait for the mount itself: a container that waits keeps hold of the mount that it was
 * started with, so that the disk could not be mounted right; Docker starts it anew, with growing pauses of up to a minute.
 */
export const keepWatch = async (parts: Parts, signal: AbortSignal): Promise<string | undefined> => {
  const { isReady, pass, wakeup, listen, onPass } = parts;
  let stopListening: (() => void) | undefined;
  let failed = 0;
  try {
    while (!signal.aborted) {
      const missing = await isReady().catch(wordsOf);
      if (signal.aborted) break;
      // Nothing is written there: it would be the empty folder under the mount.
      if (missing !== undefined) return missing;
      stopListening ??= listen();
      const outcome = await pass().catch((error) => ({ problem: wordsOf(error) }));
      if (signal.aborted) break;
      await onPass(outcome);
      failed = "problem" in outcome || outcome.failures.length > 0 ? failed + 1 : 0;
      // One home that fails for long does not hold back those that came up.
      const isGoing = failed === 0 || ("mended" in outcome && outcome.mended.length > 0);
      if ("isBehind" in outcome && outcome.isBehind && isGoing) continue;
      await wakeup.wait(pauseAfter(failed), signal);
    }
    return undefined;
  } finally {
    stopListening?.();
  }
};
