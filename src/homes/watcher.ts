import { type WatcherReport, watcherStaleAfter } from "../../contracts/watcher-status.js";
import { duration } from "../text/format.js";

/** The problem of the watcher itself, in a sentence; undefined where it works. `now` is its machine's clock. */
export const watcherProblem = (
  watcher: WatcherReport | undefined,
  now: Date,
): string | undefined => {
  if (watcher === undefined) return "the quota watcher has not written its status yet";
  const age = now.getTime() - watcher.at.getTime();
  if (age > watcherStaleAfter * 1000)
    return `the quota watcher has not responded for ${duration(age)}`;
  if (watcher.problem !== undefined) return `the quota watcher cannot work: ${watcher.problem}`;
  return undefined;
};
