import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Amounts } from "../contracts/limits.js";
import { storageFiles } from "../contracts/storage-folders.js";
import {
  type Took,
  type TrashReport,
  type WatcherStatus,
  highestIdIn,
  watcherStatusText,
} from "../contracts/watcher-status.js";
import type { PassReport } from "./pass.js";

/** The parts of the status that do not come from the pass. */
type Surroundings = {
  limits: Amounts | undefined;
  trash: TrashReport;
  took: Took;
  now: { date: Date; uptime: number };
};

/** The status after a pass, or after one that could not run. */
export const statusOf = (
  outcome: PassReport | { problem: string },
  { limits, trash, took, now }: Surroundings,
): WatcherStatus => {
  const shared = {
    at: now.date.toISOString(),
    uptime: Math.floor(now.uptime),
    took,
    ...(limits !== undefined && { limitBytes: limits.bytes, limitFiles: limits.files }),
    trash,
  };
  if ("problem" in outcome) return { ...shared, ...nothing, ...outcome };
  const { homes, highestId, failures, ignored, over90 } = outcome;
  return {
    ...shared,
    homes,
    highestId,
    failures: failures.slice(0, 100),
    ignored: ignored.slice(0, 20),
    over90,
  };
};

const nothing = { homes: 0, highestId: 0, failures: [], ignored: [], over90: [] };

/** The highest project id in an earlier watcher's status; 0 where there is none. */
export const readHighestId = async (root: string): Promise<number> => {
  const text = await readFile(join(root, storageFiles.watcherStatus), "utf8").catch(() => "");
  return highestIdIn(text);
};

/** Writes `watcher.json` under `root` as a whole or not at all. */
export const writeStatus = async (root: string, status: WatcherStatus): Promise<void> => {
  const path = join(root, storageFiles.watcherStatus);
  await writeFile(`${path}.new`, watcherStatusText(status));
  await rename(`${path}.new`, path);
};
