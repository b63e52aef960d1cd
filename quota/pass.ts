import { decide, type Action } from "./decide.js";
import { inLanes } from "./lanes.js";
import type { Ignored, Look } from "./look.js";
import type { Assignment, Limit, Refusals, Storage } from "./storage.js";

/** A home that is not as it should be, and why. */
export type Failure = { home: string; reason: string };

/** What a pass left behind. */
export type PassReport = {
  homes: number;
  /** Homes that got their id or limit in this pass. */
  mended: readonly string[];
  failures: readonly Failure[];
  ignored: readonly Ignored[];
  /** Homes that use more than 90 % of their limit. */
  over90: readonly string[];
  /** Homes came up while the pass ran: make another at once. */
  isBehind: boolean;
};

/**
 * Compares the homes with what should be, mends the difference, looks again, and takes the marks from homes that are
 * right in that second look. `want` is a home's limit in KiB. Throws when the storage cannot be looked at.
 */
export const makePass = async (
  storage: Storage,
  want: (home: string) => number,
): Promise<PassReport> => {
  const first = await storage.look();
  const mending = decide(first, want).filter(isMending);
  const { refusals, covered } = await mend(storage, mending);
  const touched = new Set(mending.map(({ home }) => home));
  const last =
    touched.size > 0
      ? await storage.look({ before: first, touched: [...touched], covered })
      : first;
  const left = decide(last, want);
  const kept = await unmark(storage, left);

  const wrong = new Set(left.filter(isMending).map(({ home }) => home));
  const reasonOf = (home: string): string | undefined => {
    if (kept.has(home)) return kept.get(home);
    return touched.has(home) && wrong.has(home)
      ? (refusals.get(home) ?? readBack(last, home))
      : undefined;
  };
  return {
    homes: last.homes.length,
    mended: last.homes
      .map(({ name }) => name)
      .filter((home) => touched.has(home) && !wrong.has(home) && !kept.has(home)),
    failures: [
      ...last.unread.map((home) => ({ home, reason: unreadable })),
      ...last.homes.flatMap(({ name }) => {
        const reason = reasonOf(name);
        return reason === undefined ? [] : [{ home: name, reason }];
      }),
    ],
    ignored: last.ignored,
    over90: overNinety(last),
    isBehind: last.isBehind,
  };
};

type Mending = Assignment | Limit;
const isMending = (action: Action): action is Mending => action.kind !== "unmark";

const unreadable = "its project id cannot be read: `lsattr -p` shows nothing of it";

/** An id that its folder did not take gets no limit: each try would leave one more account behind. */
const mend = async (storage: Storage, mending: readonly Mending[]) => {
  const assignments = mending.filter((action) => action.kind === "assign");
  const refusals = assignments.length > 0 ? await storage.assign(assignments) : new Map();
  const covered = new Set(
    assignments.map(({ home }) => home).filter((home) => !refusals.has(home)),
  );
  const limits = mending.filter(
    (action): action is Limit => action.kind === "limit" && !refusals.has(action.home),
  );
  const refusedLimits = limits.length > 0 ? await storage.limit(limits) : new Map();
  return { covered, refusals: new Map<string, string>([...refusals, ...refusedLimits]) };
};

/** Takes the marks of homes that are right; answers those that could not be taken, with the reason. */
const unmark = async (storage: Storage, left: readonly Action[]): Promise<Refusals> => {
  const kept: Refusals = new Map();
  await inLanes(
    left.filter((action) => action.kind === "unmark"),
    ({ home }) => storage.unmark(home).catch((error: Error) => kept.set(home, error.message)),
  );
  return kept;
};

const readBack = (look: Look, name: string): string => {
  const home = look.homes.find((candidate) => candidate.name === name);
  const hardKiB = look.accounts.get(home?.projectId ?? 0)?.hardKiB ?? 0;
  return `all commands succeeded, but read back it has project id ${home?.projectId} with a limit of ${hardKiB} KiB`;
};

const overNinety = ({ homes, accounts }: Look): string[] =>
  homes.flatMap(({ name, projectId }) => {
    const account = accounts.get(projectId);
    const isOver = account && account.hardKiB > 0 && account.usedKiB > 0.9 * account.hardKiB;
    return isOver && projectId !== 0 ? [name] : [];
  });
