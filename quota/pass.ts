import type { Failure, Ignored } from "../contracts/watcher-status.js";
import { type Account, parentName } from "../contracts/xfs.js";
import { forEachConcurrently } from "./batches.js";
import { type Action, decide, idle } from "./decide.js";
import type { Inspection } from "./inspect.js";
import type { LimitsSnapshot } from "./limits.js";
import type { Assignment, LimitChange, Refusals, Storage } from "./storage.js";

/** What a pass left behind. */
export type PassReport = {
  homes: number;
  /** The highest project id that a home carries. */
  highestId: number;
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
 * right in that second look. Throws when the storage cannot be looked at.
 */
export const makePass = async (
  storage: Storage,
  { want, failures }: Pick<LimitsSnapshot, "want" | "failures">,
): Promise<PassReport> => {
  const first = await storage.look();
  const mending = decide(first, want).filter(isMending);
  const { refusals, covered, refused } = await mend(storage, mending);
  const touched = new Set(mending.map(({ home }) => home));
  const last =
    touched.size > 0
      ? await storage.look({ before: first, touched: [...touched], covered })
      : first;
  const left = decide(last, want);
  const kept = await unmark(storage, left);
  const vain = refused.filter((one) => !mayCarry(last, one)).map(({ projectId }) => projectId);
  await storage.clear([...vain, ...(first.isFresh ? idle(last).slice(0, mostCleared) : [])]);

  const wrong = new Set(left.filter(isMending).map(({ home }) => home));
  const reasonOf = (home: string): string | undefined => {
    if (kept.has(home)) return kept.get(home);
    return touched.has(home) && wrong.has(home)
      ? (refusals.get(home) ?? readBack(last, home))
      : undefined;
  };
  const parentReason = reasonOf(parentName) ?? crowded(last);
  return {
    homes: last.count,
    highestId: last.highestId,
    mended: last.homes
      .map(({ name }) => name)
      .filter((home) => touched.has(home) && !wrong.has(home) && !kept.has(home)),
    failures: [
      ...failures,
      ...(parentReason === undefined ? [] : [{ home: "homes/", reason: parentReason }]),
      ...last.unread.map((home) => ({ home, reason: unreadable })),
      ...last.homes.flatMap(({ name }) => {
        const reason = reasonOf(name);
        return reason === undefined ? [] : [{ home: name, reason }];
      }),
    ],
    ignored: last.ignored,
    over90: overNinety(last),
    isBehind: first.isBehind || last.isBehind,
  };
};

const mostCleared = 500;

type Mending = Assignment | LimitChange;
const isMending = (action: Action): action is Mending => action.kind !== "unmark";

const unreadable = "its project id cannot be read: `lsattr -p` shows nothing of it";

/** The limit comes first: a folder that takes an id is then limited by it at once, also where the watcher ends in between. */
const mend = async (storage: Storage, mending: readonly Mending[]) => {
  const limits = mending.filter((action) => action.kind === "limit");
  const unlimited = limits.length > 0 ? await storage.limit(limits) : new Map();
  const assignments = mending.filter(
    (action): action is Assignment => action.kind === "assign" && !unlimited.has(action.home),
  );
  const unassigned = assignments.length > 0 ? await storage.assign(assignments) : new Map();
  const homes = assignments.map(({ home }) => home);
  return {
    covered: new Set(homes.filter((home) => !unassigned.has(home))),
    refusals: new Map<string, string>([...unlimited, ...unassigned]),
    refused: limits.filter(({ home }) => unassigned.has(home)),
  };
};

/** An id that its folder did not take keeps no limit: each try would leave one more account behind. */
const mayCarry = (
  { homes, parent, unread }: Inspection,
  { home, projectId }: LimitChange,
): boolean =>
  unread.includes(home) ||
  (home === parentName ? parent.projectId : homes.find(({ name }) => name === home)?.projectId) ===
    projectId;

/** Takes the marks of homes that are right; answers those that could not be taken, with the reason. */
const unmark = async (storage: Storage, left: readonly Action[]): Promise<Refusals> => {
  const kept: Refusals = new Map();
  await forEachConcurrently(
    left.filter((action) => action.kind === "unmark"),
    ({ home }) => storage.unmark(home).catch((error: Error) => kept.set(home, error.message)),
  );
  return kept;
};

const readBack = (look: Inspection, name: string): string => {
  const home = look.homes.find((candidate) => candidate.name === name) ?? look.parent;
  const { hardKiB = 0, hardFiles = 0 } = look.accounts.get(home.projectId) ?? {};
  return `all commands succeeded, but read back it has project id ${home.projectId} with a limit of ${hardKiB} KiB and ${hardFiles} files`;
};

const isOver = (account: Account | undefined): boolean =>
  account !== undefined &&
  ((account.hardKiB > 0 && account.usedKiB > 0.9 * account.hardKiB) ||
    (account.hardFiles > 0 && account.usedFiles > 0.9 * account.hardFiles));

const overNinety = ({ homes, accounts, parent }: Inspection): string[] =>
  homes.flatMap(({ name, projectId }) =>
    projectId !== 0 && projectId !== parent.projectId && isOver(accounts.get(projectId))
      ? [name]
      : [],
  );

/** No home can be made once what lies beside the homes has filled their folder's own limit. */
const crowded = ({ parent, accounts, isBehind }: Inspection): string | undefined =>
  !isBehind && parent.projectId !== 0 && isOver(accounts.get(parent.projectId))
    ? "what lies there without being a home fills its limit, and soon no home can be made; delete it"
    : undefined;
