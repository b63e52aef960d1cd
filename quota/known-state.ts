import type { Account, Attributes } from "../contracts/xfs.js";
import { messageOf } from "./command.js";
import type { FullScan } from "./full-scan.js";

/** What is known between two passes. The file system is the truth, and full scans of it come again and again. */
export type KnownState = {
  attributes: ReadonlyMap<string, Attributes>;
  accounts: ReadonlyMap<number, Account>;
  /** A full scan was taken in: every home is known. */
  isComplete: boolean;
  /** The highest id that was ever seen; before the first full scan there may be higher ones. */
  highestId: number;
  /** Ids that this watcher assigned. */
  assignedIds: Set<number>;
  /** The duration of the last full scan in ms; undefined before the first. */
  fullScanTook: number | undefined;
  /** Takes in a full scan that ended, and starts one when it is due; returns whether one was taken in. Throws its error. */
  update: () => boolean;
  /** Keeps what was just read; what was not found is forgotten. */
  learnHomes: (names: readonly string[], found: ReadonlyMap<string, Attributes>) => void;
  learnAccounts: (ids: readonly number[], found: ReadonlyMap<number, Account>) => void;
  /** Forgets a home that may be another one now under the same name. */
  forget: (name: string) => void;
  /** Forgets the homes that do not exist any more. */
  keepOnly: (present: ReadonlySet<string>) => void;
};

/**
 * The pause after a full scan in ms, in proportion to its duration: for 10,000 homes a scan takes seconds. One beside a burst of
 * new homes takes a minute, and does not predict the next.
 */
const pauseAfterScan = (duration: number): number =>
  Math.min(300_000, Math.max(29_000, 10 * duration));

/**
 * Starts with nothing but the highest id that an earlier watcher saw. `scan` runs beside the passes, so that a new home does not
 * wait until 10,000 others were read; `onEnd` is called when it ended. `clock` is in ms and never goes back.
 */
export const createKnownState = (
  scan: () => Promise<FullScan>,
  onEnd: () => void,
  clock: () => number,
  highestBefore = 0,
): KnownState => {
  const homes = createCache<string, Attributes>();
  const accounts = createCache<number, Account>();
  let running: { outcome?: FullScan | { problem: string } } | undefined;
  let dueAt = -Infinity;

  const startScan = () => {
    const startedAt = clock();
    const started: NonNullable<typeof running> = {};
    running = started;
    homes.startScan();
    accounts.startScan();
    const end = (outcome: FullScan | { problem: string }) => {
      started.outcome = outcome;
      knownState.fullScanTook = clock() - startedAt;
      dueAt = clock() + pauseAfterScan(knownState.fullScanTook);
      onEnd();
    };
    scan().then(end, (error: unknown) => end({ problem: messageOf(error) }));
  };

  const raiseHighestId = (ids: Iterable<number>) => {
    for (const id of ids) if (id > knownState.highestId) knownState.highestId = id;
  };

  /** Returns whether a scan has ended. */
  const takeIn = (): boolean => {
    const outcome = running?.outcome;
    if (outcome === undefined) return false;
    running = undefined;
    if ("problem" in outcome) {
      dueAt = -Infinity;
      throw new Error(outcome.problem);
    }
    homes.takeIn(outcome.attributes);
    accounts.takeIn(outcome.accounts);
    raiseHighestId(accounts.known().keys());
    knownState.isComplete = true;
    return true;
  };

  const knownState: KnownState = {
    get attributes() {
      return homes.known();
    },
    get accounts() {
      return accounts.known();
    },
    isComplete: false,
    highestId: highestBefore,
    assignedIds: new Set(),
    fullScanTook: undefined,
    update: () => {
      const isTakenIn = takeIn();
      if (running === undefined && clock() >= dueAt) startScan();
      return isTakenIn;
    },
    learnHomes: homes.learn,
    learnAccounts: (ids, found) => {
      accounts.learn(ids, found);
      raiseHighestId(found.keys());
    },
    forget: (name) => homes.learn([name], new Map()),
    keepOnly: homes.keepOnly,
  };
  return knownState;
};

/** Values by key. What is learned during a scan is newer than the scan. */
const createCache = <Key, Value>() => {
  let known = new Map<Key, Value>();
  let learned = new Set<Key>();
  return {
    known: (): ReadonlyMap<Key, Value> => known,
    startScan: () => {
      learned = new Set();
    },
    takeIn: (scanned: ReadonlyMap<Key, Value>) => {
      const merged = new Map(scanned);
      for (const key of learned) {
        const newer = known.get(key);
        if (newer === undefined) merged.delete(key);
        else merged.set(key, newer);
      }
      known = merged;
    },
    learn: (keys: readonly Key[], found: ReadonlyMap<Key, Value>) => {
      for (const key of keys) {
        learned.add(key);
        const value = found.get(key);
        if (value === undefined) known.delete(key);
        else known.set(key, value);
      }
    },
    keepOnly: (present: ReadonlySet<Key>) => {
      for (const key of known.keys()) if (!present.has(key)) known.delete(key);
    },
  };
};
