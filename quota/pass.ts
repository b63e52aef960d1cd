import type { Failure, Ignored } from "../contracts/watcher-status.js";
import { type Account, parentName } from "../contracts/xfs.js";
import { forEachConcurrently } from "./batches.js";
import { type Action, decide, unusedIds } from "./decide.js";
import type { Inspection } from "./inspect.js";
import type { LimitsSnapshot } from "./limits.js";
import type { Assignment, LimitChange, Refusals, Storage } from "./storage.js";

/** The result of a pass. */
export type PassReport = {
  homes: number;
  /** The highest project id that was seen. */
  highestId: number;
  /** Homes that got their id or limit in this pass. */
  repaired: readonly string[];
  failures: readonly Failure[];
  ignored: readonly Ignored[];
  /** Homes that use more than 90 % of their limit. */
  over90: readonly string[];
  /** New homes appeared during the pass: the next one must follow at once. */
  isBehind: boolean;
};

/**
 * Compares the homes with their limits, repairs the differences, inspects again, and removes the pending markers of homes that
 * are correct in this second inspection. Throws when the storage cannot be inspected.
 */
export const runPass = async (
  storage: Storage,
  readLimits: () => Pick<LimitsSnapshot, "limitFor" | "failures">,
): Promise<PassReport> => {
  const first = await storage.inspect();
  // Afterwards: the hub writes the note of the groups before it makes a home, so that each home that was seen has its note.
  const { limitFor, failures } = readLimits();
  const repairs = decide(first, limitFor).filter(isRepair);
  const { refusals, covered, unassigned } = await repair(storage, repairs);
  const changed = new Set(repairs.map(({ home }) => home));
  const last =
    changed.size > 0
      ? await storage.inspect({ before: first, changed: [...changed], covered })
      : first;
  const remaining = decide(last, limitFor);
  const stuck = await removeMarkers(storage, remaining);
  const unneeded = unassigned.filter((one) => !mayCarry(last, one));
  await storage.clearLimits([
    ...unneeded.map(({ projectId }) => projectId),
    ...(first.isAfterFullScan ? unusedIds(last).slice(0, maximumCleared) : []),
  ]);

  const wrong = new Set(remaining.filter(isRepair).map(({ home }) => home));
  const reasonFor = (home: string): string | undefined => {
    if (stuck.has(home)) return stuck.get(home);
    return changed.has(home) && wrong.has(home)
      ? (refusals.get(home) ?? stillWrong(last, home))
      : undefined;
  };
  const parentReason = reasonFor(parentName) ?? parentIsFull(last);
  return {
    homes: last.count,
    highestId: last.highestId,
    repaired: last.homes
      .map(({ name }) => name)
      .filter((home) => changed.has(home) && !wrong.has(home) && !stuck.has(home)),
    failures: [
      ...failures,
      ...(parentReason === undefined ? [] : [{ home: "homes/", reason: parentReason }]),
      ...last.unreadable.map((home) => ({ home, reason: unreadableReason })),
      ...last.homes.flatMap(({ name }) => {
        const reason = reasonFor(name);
        return reason === undefined ? [] : [{ home: name, reason }];
      }),
    ],
    ignored: last.ignored,
    over90: overNinety(last),
    isBehind: first.isBehind || last.isBehind,
  };
};

const maximumCleared = 500;

type Repair = Assignment | LimitChange;
const isRepair = (action: Action): action is Repair => action.kind !== "remove-marker";

const unreadableReason = "its project id is unreadable: `lsattr -p` prints nothing about it";

/** Limits come first: a folder that takes an id is then limited by it at once, also where the watcher ends in between. */
const repair = async (storage: Storage, repairs: readonly Repair[]) => {
  const limits = repairs.filter((action) => action.kind === "limit");
  const unlimited = limits.length > 0 ? await storage.limit(limits) : new Map();
  const assignments = repairs.filter(
    (action): action is Assignment => action.kind === "assign" && !unlimited.has(action.home),
  );
  const refused = assignments.length > 0 ? await storage.assign(assignments) : new Map();
  const homes = assignments.map(({ home }) => home);
  return {
    covered: new Set(homes.filter((home) => !refused.has(home))),
    refusals: new Map<string, string>([...unlimited, ...refused]),
    unassigned: limits.filter(({ home }) => refused.has(home)),
  };
};

/** Whether a folder may have taken its id; without it the id's limit is cleared, or each try would leave an account behind. */
const mayCarry = (
  { homes, parent, unreadable }: Inspection,
  { home, projectId }: LimitChange,
): boolean =>
  unreadable.includes(home) ||
  (home === parentName ? parent.projectId : homes.find(({ name }) => name === home)?.projectId) ===
    projectId;

/** Removes the markers of correct homes; returns those that could not be removed, with the reason. */
const removeMarkers = async (storage: Storage, actions: readonly Action[]): Promise<Refusals> => {
  const stuck: Refusals = new Map();
  await forEachConcurrently(
    actions.filter((action) => action.kind === "remove-marker"),
    ({ home }) =>
      storage.removeMarker(home).catch((error: Error) => stuck.set(home, error.message)),
  );
  return stuck;
};

const stillWrong = ({ homes, parent, accounts }: Inspection, name: string): string => {
  const { projectId } = homes.find((home) => home.name === name) ?? parent;
  const { hardKiB = 0, hardFiles = 0 } = accounts.get(projectId) ?? {};
  return `all commands succeeded, but it still has project id ${projectId} with a limit of ${hardKiB} KiB and ${hardFiles} files`;
};

const isOverNinety = (account: Account | undefined): boolean =>
  account !== undefined &&
  ((account.hardKiB > 0 && account.usedKiB > 0.9 * account.hardKiB) ||
    (account.hardFiles > 0 && account.usedFiles > 0.9 * account.hardFiles));

const overNinety = ({ homes, accounts, parent }: Inspection): string[] =>
  homes.flatMap(({ name, projectId }) =>
    projectId !== 0 && projectId !== parent.projectId && isOverNinety(accounts.get(projectId))
      ? [name]
      : [],
  );

/** No home can be created once other files in `homes/` have used up the limit of that folder. */
const parentIsFull = ({ parent, accounts, isBehind }: Inspection): string | undefined =>
  !isBehind && parent.projectId !== 0 && isOverNinety(accounts.get(parent.projectId))
    ? "files that are not homes use over 90 % of its limit, and soon no home can be created; delete them"
    : undefined;
