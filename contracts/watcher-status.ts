export type Ignored = { name: string; reason: string };

/** A home that is not as it should be, and why. */
export type Failure = { home: string; reason: string };

/** `watcher.json`: what `swarmhub status` and the hub read. */
export type Status = {
  /** ISO time of the end of the pass. */
  at: string;
  /** Seconds since the machine started at that moment: fresh while this is less than two minutes ago, whatever the date. */
  uptime: number;
  /** How long the pass took, and the last survey of all homes, which runs beside the passes (ms). */
  took: Took;
  homes: number;
  /** The highest project id seen: a hint to the next watcher where to look for a free one, no more. */
  highestId: number;
  /** What a home may hold unless it has a limit of its own; missing while `limits.json` was never readable. */
  limitBytes?: number;
  limitFiles?: number;
  /** By home; "limits.json" and "homes/" stand among them for all. The first hundred. */
  failures: readonly Failure[];
  /** What lies in `homes/` without being a home: the first twenty. */
  ignored: readonly Ignored[];
  over90: readonly string[];
  trash: TrashReport;
  /** Why the storage could not be looked at; then `homes` is 0 and nothing is known. */
  problem?: string;
};

export type Took = { pass: number; survey?: number };

/** What is in the trash, and what became of it. */
export type TrashReport = {
  entries: number;
  /** What this watcher erased last, twenty at most. */
  erased: readonly string[];
  problem?: string;
};
