import { watch } from "chokidar";
import { wordsOf } from "./command.js";

/** Wakes the watcher. A ring while nobody waits is kept for the next wait. */
export type Bell = {
  ring: () => void;
  /** Resolves at the next ring, or after `milliseconds`, or when `signal` aborts. */
  wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
};

/** A silent bell. */
export const createBell = (): Bell => {
  let isRung = false;
  let wake: (() => void) | undefined;
  return {
    ring: () => {
      isRung = true;
      wake?.();
    },
    wait: async (milliseconds, signal) => {
      if (!isRung && !signal.aborted)
        await new Promise<void>((resolve) => {
          const done = () => {
            clearTimeout(timer);
            signal.removeEventListener("abort", done);
            wake = undefined;
            resolve();
          };
          const timer = setTimeout(done, milliseconds);
          signal.addEventListener("abort", done);
          wake = done;
        });
      isRung = false;
    },
  };
};

/** Rings when something is made, removed or renamed in `folder`; answers how to stop. `onError` hears what a watch complains of. */
export const ringOnChange = (
  folder: string,
  bell: Bell,
  onError: (message: string) => void,
): (() => Promise<void>) => {
  // chokidar at depth 0 lost no event in bursts where others did; what it loses all the same, the slow timer finds.
  const watcher = watch(folder, { depth: 0, ignoreInitial: true, followSymlinks: false });
  watcher.on("all", () => bell.ring());
  // What came between a pass and the moment the watch stood made no event.
  watcher.on("ready", () => bell.ring());
  watcher.on("error", (error) => onError(`${folder}: ${wordsOf(error)}`));
  return () => watcher.close();
};
