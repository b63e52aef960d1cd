import type { Home, Homes } from "../../../src/homes/inspect.js";

/** A correct home with this project id and a limit of 1 GB and 1000 files. */
export const home = (name: string, projectId: number, user: string = name): Home => ({
  name,
  user,
  attributes: { projectId, inherits: true },
  bytes: { used: 2 ** 20, hard: 2 ** 30 },
  files: { used: 10, hard: 1000 },
  pendingSince: undefined,
  changed: undefined,
  own: undefined,
  groups: [],
});

/** Correct homes, with the changes of a test. */
export const homes = (changes: Partial<Homes> = {}): Homes => {
  const now = new Date("2026-11-21T12:00:00Z");
  return {
    now,
    enforced: true,
    parent: { projectId: 1, inherits: true },
    homes: [],
    others: 0,
    limits: { bytes: 2 ** 30, files: 1000, homes: {}, groups: {}, trashDays: 30 },
    watcher: { at: now, homes: 0, over90: [], failures: [] },
    trash: [],
    disk: { size: 2 ** 34, free: 2 ** 33 },
    ...changes,
  };
};
