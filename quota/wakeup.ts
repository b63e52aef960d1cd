import { watch } from "node:fs";
import { messageOf } from "./command.js";

/** Wakes the watcher. A notification while it does not wait is kept for the next wait. */
export type Wakeup = {
  notify: () => void;
  /** Resolves after `milliseconds`, or when `signal` aborts; a notification does not end it. */
  rest: (milliseconds: number, signal: AbortSignal) => Promise<void>;
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
    rest: (milliseconds, signal) => pause(milliseconds, signal, () => {}),
    wait: async (milliseconds, signal) => {
      if (!isNotified)
        await pause(milliseconds, signal, (end) => {
          wake = end;
        });
      wake = undefined;
      isNotified = false;
    },
  };
};

/** Waits; `onStart` gets the function that ends the wait early. */
const pause = async (
  milliseconds: number,
  signal: AbortSignal,
  onStart: (end: () => void) => void,
): Promise<void> => {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
    onStart(end);
  });
};

/**
 * Notifies at each change in `folder` whose name `isRelevant` accepts: at once, or "later", at most 2 s after it; returns the function that
 * stops it.
 */
export const notifyOnChange = (
  folder: string,
  wakeup: Wakeup,
  onError: (message: string) => void,
  isRelevant: (name: string) => boolean | "later",
): (() => void) => {
  // The kernel's events are enough: a pass reads the folder itself, and when the kernel drops events because there are too many,
  // later ones still notify. chokidar, which loses none, reads the whole folder at each event: half a second for 10,000.
  let later: NodeJS.Timeout | undefined;
  const watcher = watch(folder, { encoding: "latin1" }, (_event, name) => {
    const relevance = name === null || isRelevant(name);
    if (relevance === true) wakeup.notify();
    if (relevance === "later")
      later ??= setTimeout(() => {
        later = undefined;
        wakeup.notify();
      }, 2000);
  });
  watcher.on("error", (error) => onError(`${folder}: ${messageOf(error)}`));
  // Changes between a pass and the start of the watch caused no event.
  wakeup.notify();
  return () => {
    clearTimeout(later);
    watcher.close();
  };
};

/** Tells for each event whether there was another one of the same name in the last 10 s. `clock` is in ms and never goes back. */
export const createRepetitions = (clock: () => number): ((name: string) => boolean) => {
  const lastSeen = new Map<string, number>();
  return (name) => {
    const before = lastSeen.get(name) ?? -Infinity;
    const now = clock();
    lastSeen.set(name, now);
    return now - before < 10_000;
  };
};
