import type { Account, Attributes } from "../contracts/xfs.js";
import { wordsOf } from "./command.js";

/** A look at every home and every account. */
export type FullScan = {
  /** By name; the folder that holds the homes is ".". */
  attributes: ReadonlyMap<string, Attributes>;
  accounts: ReadonlyMap<number, Account>;
};

/** What is known between two passes. The file system is the truth, and a survey of all of it comes again and again. */
export type KnownState = {
  attributes: ReadonlyMap<string, Attributes>;
  accounts: ReadonlyMap<number, Account>;
  /** A survey was taken in: every home is known. */
  isWhole: boolean;
  /** The highest id that was ever seen; before the first survey perhaps not the highest there is. */
  highestId: number;
  /** Ids that this watcher gave. */
  given: Set<number>;
  /** How long the last survey took (ms); undefined before the first. */
  surveyTook: number | undefined;
  /** Takes in a survey that ended, and begins one when it is time; answers whether one was taken in. Throws what it ended with. */
  turn: () => boolean;
  /** Keeps what was just asked; what got no answer is forgotten. */
  learnHomes: (asked: readonly string[], answers: ReadonlyMap<string, Attributes>) => void;
  learnAccounts: (asked: readonly number[], answers: ReadonlyMap<number, Account>) => void;
  /** Forgets a home that may be another one now under the same name. */
  forget: (name: string) => void;
  /** Forgets the homes that are gone. */
  keepOnly: (present: ReadonlySet<string>) => void;
};

/**
 * The pause after a survey, in proportion to its own length: of 10,000 homes it takes seconds (ms). One that ran beside a burst
 * of new homes takes a minute, and is no measure of the next.
 */
export const pauseAfterScan = (length: number): number =>
  Math.min(300_000, Math.max(29_000, 10 * length));

/**
 * A memory of no more than the highest id that a watcher before this one saw. `survey` runs beside the passes, and `onEnd`
 * hears that it ended: so a new home does not wait until 10,000 old ones were looked at. `clock` is in ms and never goes back.
 */
export const createKnownState = (
  survey: () => Promise<FullScan>,
  onEnd: () => void,
  clock: () => number,
  highestBefore = 0,
): KnownState => {
  const homes = createKept<string, Attributes>();
  const accounts = createKept<number, Account>();
  let running: { outcome?: FullScan | { problem: string } } | undefined;
  let due = -Infinity;

  const begin = () => {
    const begun = clock();
    const started: NonNullable<typeof running> = {};
    running = started;
    homes.begin();
    accounts.begin();
    const end = (outcome: FullScan | { problem: string }) => {
      started.outcome = outcome;
      knownState.surveyTook = clock() - begun;
      due = clock() + pauseAfterScan(knownState.surveyTook);
      onEnd();
    };
    survey().then(end, (error: unknown) => end({ problem: wordsOf(error) }));
  };

  const raise = (ids: Iterable<number>) => {
    for (const id of ids) if (id > knownState.highestId) knownState.highestId = id;
  };

  /** Whether a survey that ended was taken in. */
  const takeIn = (): boolean => {
    const outcome = running?.outcome;
    if (outcome === undefined) return false;
    running = undefined;
    if ("problem" in outcome) {
      due = -Infinity;
      throw new Error(outcome.problem);
    }
    homes.takeIn(outcome.attributes);
    accounts.takeIn(outcome.accounts);
    raise(accounts.known().keys());
    knownState.isWhole = true;
    return true;
  };

  const knownState: KnownState = {
    get attributes() {
      return homes.known();
    },
    get accounts() {
      return accounts.known();
    },
    isWhole: false,
    highestId: highestBefore,
    given: new Set(),
    surveyTook: undefined,
    turn: () => {
      const isTakenIn = takeIn();
      if (running === undefined && clock() >= due) begin();
      return isTakenIn;
    },
    learnHomes: homes.learn,
    learnAccounts: (asked, answers) => {
      accounts.learn(asked, answers);
      raise(answers.keys());
    },
    forget: (name) => homes.learn([name], new Map()),
    keepOnly: homes.keepOnly,
  };
  return knownState;
};

/** Values by key. What is learned while a survey goes on is newer than the survey. */
const createKept = <Key, Value>() => {
  let known = new Map<Key, Value>();
  let learned = new Set<Key>();
  return {
    known: (): ReadonlyMap<Key, Value> => known,
    begin: () => {
      learned = new Set();
    },
    takeIn: (found: ReadonlyMap<Key, Value>) => {
      const merged = new Map(found);
      for (const key of learned) {
        const newer = known.get(key);
        if (newer === undefined) merged.delete(key);
        else merged.set(key, newer);
      }
      known = merged;
    },
    learn: (asked: readonly Key[], answers: ReadonlyMap<Key, Value>) => {
      for (const key of asked) {
        learned.add(key);
        const answer = answers.get(key);
        if (answer === undefined) known.delete(key);
        else known.set(key, answer);
      }
    },
    keepOnly: (present: ReadonlySet<Key>) => {
      for (const key of known.keys()) if (!present.has(key)) known.delete(key);
    },
  };
};
