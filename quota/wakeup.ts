import { watch } from "node:fs";
import { messageOf } from "./command.js";

/** Wakes the watcher. A notification while it does not wait is kept for the next wait. */
export type Wakeup = {
  notify: () => void;
  /** Resolves at the next notification, or after `milliseconds`, or when `signal` aborts. */
  wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
};

/** A wakeup without a notification. */
export const createWakeup = (): Wakeup => {
  let isNotified = false;
  let wake: (() => void) | undefined;
  return {
    notify: () => {
      isNotified = true;
      wake?.();
    },
    wait: async (milliseconds, signal) => {
      if (!isNotified && !signal.aborted)
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
      isNotified = false;
    },
  };
};

/** Notifies at each change in `folder` whose name `isRelevant` accepts; returns the function that stops it. */
export const notifyOnChange = (
  folder: string,
  wakeup: Wakeup,
  onError: (message: string) => void,
  isRelevant: (name: string) => boolean,
): (() => void) => {
  // The kernel's events are enough: a pass reads the folder itself, and when the kernel drops events because there are too many,
  // later ones still notify. chokidar, which loses none, reads the whole folder at each event: half a second for 10,000.
  const watcher = watch(folder, { encoding: "latin1" }, (_event, name) => {
    if (name === null || isRelevant(name)) wakeup.notify();
  });
  watcher.on("error", (error) => onError(`${folder}: ${messageOf(error)}`));
  // Changes between a pass and the start of the watch caused no event.
  wakeup.notify();
  return () => watcher.close();
};
