import type { WatcherStatus } from "../../../contracts/watcher-status.js";

/** A value with every key, and nothing null: all that a program can write. */
type Full<Value> = Value extends readonly (infer Item)[]
  ? readonly Full<Item>[]
  : Value extends object
    ? { [Key in keyof Value]-?: Full<Exclude<Value[Key], null | undefined>> }
    : Value;

/** `watcher.json` with every key. */
export const watcherStatus = {
  at: "2026-11-21T06:00:00.000Z",
  uptime: 86_411,
  took: { pass: 12, fullScan: 3400 },
  homes: 42,
  highestId: 57,
  limitBytes: 5_368_709_120,
  limitFiles: 200_000,
  failures: [{ home: "ada", reason: "Operation not permitted" }],
  ignored: [{ name: "lost+found", reason: "its name cannot be a home's" }],
  over90: ["bob"],
  trash: { entries: 2, erased: ["carl.20261021T120000Z"], problem: "dora: Read-only file system" },
  problem: "lsattr did not run",
} satisfies Full<WatcherStatus>;
