import { watch } from "node:fs";
import { wordsOf } from "./command.js";

/** Wakes the watcher. A ring while nobody waits is kept for the next wait. */
export type Wakeup = {
  notify: () => void;
  /** Resolves at the next ring, or after `milliseconds`, or when `signal` aborts. */
  wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
};

/** A silent bell. */
export const createWakeup = (): Wakeup => {
  let isRung = false;
  let wake: (() => void) | undefined;
  return {
    notify: () => {
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

/** Rings at each change in `folder` that `isMeant` takes by its name; answers how to stop. */
export const notifyOnChange = (
  folder: string,
  wakeup: Wakeup,
  onError: (message: string) => void,
  isMeant: (name: string) => boolean,
): (() => void) => {
  // The kernel's own word is enough: a pass looks for itself, and while events are lost by the kernel for their number,
  // later ones still ring. chokidar, which loses none, looks through all of a folder at each event: half a second for 10,000.
  const watcher = watch(folder, { encoding: "latin1" }, (_event, name) => {
    if (name === null || isMeant(name)) wakeup.notify();
  });
  watcher.on("error", (error) => onError(`${folder}: ${wordsOf(error)}`));
  // What came between a pass and the moment the watch stood made no event.
  wakeup.notify();
  return () => watcher.close();
};
