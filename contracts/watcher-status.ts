/** Something in `homes/` that is not a home. */
export type Ignored = { name: string; reason: string };

/** A home that is not as it should be, and the reason; "limits.json", "limits/" and "homes/" stand for all homes. */
export type Failure = { home: string; reason: string };

/** Durations in milliseconds: of the last pass, and of the last scan of all homes, which runs beside the passes. */
export type Took = { pass: number; fullScan?: number };

/** The trash after a pass. */
export type TrashReport = {
  entries: number;
  /** The entries that this watcher erased last, twenty at most. */
  erased: readonly string[];
  problem?: string;
};

/** `watcher.json`, written by the quota watcher after each pass, read by the CLI, the hub and Docker's health check. */
export type WatcherStatus = {
  /** The end of the pass: ISO 8601. */
  at: string;
  /** The machine's uptime at that moment, in whole seconds: it tells the age of the status whatever the date is. */
  uptime: number;
  took: Took;
  /** The number of homes. */
  homes: number;
  /** The highest project id that was seen: a hint for the next watcher where to look for a free one, no more. */
  highestId: number;
  /** The limits of a home that has no others; missing while `limits.json` never was readable. */
  limitBytes?: number;
  limitFiles?: number;
  /** The first hundred. */
  failures: readonly Failure[];
  /** The first twenty. */
  ignored: readonly Ignored[];
  /** Homes that use more than 90 % of their bytes or files. */
  over90: readonly string[];
  trash: TrashReport;
  /** Why there was no pass; then `homes` is 0 and nothing is known. */
  problem?: string;
};

/** The age after which a status is stale, in seconds; the watcher makes a pass every 30 s at least. */
export const watcherStaleAfter = 120;

/** The content of `watcher.json`: a line for each key, since some readers have no JSON parser. */
export const watcherStatusText = (status: WatcherStatus): string =>
  `${JSON.stringify(status, null, 2)}\n`;

/** A shell command that prints the uptime in a file of that format. */
export const uptimeCommand = (path: string): string =>
  `sed -n 's/^  "uptime": \\([0-9]*\\),$/\\1/p' ${path}`;

/** The highest project id in such a text, whole or not; 0 where there is none. */
export const highestIdIn = (text: string): number =>
  Number(/^ {2}"highestId": (\d{1,10}),$/m.exec(text)?.[1] ?? 0);

/** The part of the status that the CLI shows. */
export type WatcherReport = Pick<WatcherStatus, "homes" | "over90" | "failures" | "problem"> & {
  at: Date;
};

/** Parses `watcher.json` for the CLI; undefined where it is not one. Its texts may hold any characters. */
export const parseWatcherReport = (text: string): WatcherReport | undefined => {
  try {
    const status = JSON.parse(text) as Partial<Record<keyof WatcherStatus, unknown>>;
    const at = new Date(String(status.at));
    if (Number.isNaN(at.getTime())) return undefined;
    return {
      at,
      homes: Number(status.homes ?? 0),
      over90: listIn(status.over90).map(String),
      failures: listIn(status.failures).map((failure) => {
        const { home, reason } = failure as Partial<Record<keyof Failure, unknown>>;
        return { home: String(home), reason: String(reason) };
      }),
      ...(typeof status.problem === "string" && { problem: status.problem }),
    };
  } catch {
    return undefined;
  }
};

const listIn = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
