import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Ignored } from "./look.js";
import type { Failure, PassReport } from "./pass.js";

/** `watcher.json`: what `swarmhub status` and the hub read. */
export type Status = {
  /** ISO time of the end of the pass; the file is fresh while this is less than two minutes ago. */
  at: string;
  homes: number;
  limitBytes: number;
  failures: readonly Failure[];
  /** What lies in `homes/` without being a home: the first twenty. */
  ignored: readonly Ignored[];
  over90: readonly string[];
  /** Why the storage could not be looked at; then `homes` is 0 and nothing is known. */
  problem?: string;
};

/** The status after a pass, or after one that could not be made. */
export const statusOf = (
  outcome: PassReport | { problem: string },
  limitBytes: number,
  at: Date,
): Status => {
  const shared = { at: at.toISOString(), limitBytes };
  if ("problem" in outcome)
    return { ...shared, homes: 0, failures: [], ignored: [], over90: [], ...outcome };
  const { homes, failures, over90 } = outcome;
  return { ...shared, homes, failures, ignored: outcome.ignored.slice(0, 20), over90 };
};

/** Writes `watcher.json` under `root`, beside its place first. */
export const writeStatus = async (root: string, status: Status): Promise<void> => {
  const path = join(root, "watcher.json");
  await writeFile(`${path}.new`, `${JSON.stringify(status, null, 2)}\n`);
  await rename(`${path}.new`, path);
};
