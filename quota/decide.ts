import { type Account, type Attributes, type Limit, isUsed, parentName } from "../contracts/xfs.js";

/** A home as it was found. */
export type Home = {
  name: string;
  projectId: number;
  /** New files inside take the project id over. */
  inherits: boolean;
  /** Everything inside has the project id: the home is empty, has no pending marker, or its whole tree was changed. */
  treeHasId: boolean;
  /** The pending marker exists. */
  isPending: boolean;
  /** When the folder was made, in ms since 1970; only read where two share one id, 0 elsewhere. */
  createdAt: number;
};

/** Everything that a decision needs to know. */
export type StorageState = {
  homes: readonly Home[];
  /** The folder that holds the homes; a home that only inherited its id has none of its own. */
  parent: Attributes;
  accounts: ReadonlyMap<number, Account>;
  /** Every home is among `homes`, so that an id which two share would be seen. */
  isComplete: boolean;
  /** Ids that this watcher assigned when their accounts were empty, so that no unknown home can have one of them. */
  assignedIds: ReadonlySet<number>;
  /** Ids with empty accounts: as many as homes are repaired in one pass. */
  freeIds: readonly number[];
};

/** One change to the storage; the home "." is the folder that holds them. */
export type Action =
  | { kind: "assign"; home: string; projectId: number }
  | ({ kind: "limit"; home: string; projectId: number } & Limit)
  | { kind: "remove-marker"; home: string };

/** The limit that a home should have, given the current one; undefined where none is known. */
export type LimitFor = (home: string, current: Limit | undefined) => Limit | undefined;

/**
 * The limit of all homes together that have no id of their own yet: little space, but folders enough for a burst of 20,000. So
 * a folder is limited from its birth, whoever made it and whether or not the watcher runs.
 */
export const parentLimit: Limit = { hardKiB: 64 * 1024, hardFiles: 100_000 };

/** The changes until every home has an id of its own with its limit; homes that have both lose their pending markers. */
export const decide = (state: StorageState, limitFor: LimitFor): Action[] => {
  const owners = ownersOf(state);
  const { accounts } = state;
  const ids = state.freeIds.values();
  const nextId = () => ids.next().value;
  const parent = parentActions(state, nextId);
  const homes = state.homes.flatMap((home): Action[] => {
    const { name } = home;
    const isOwn = owners.get(home.projectId) === name;
    const account = isOwn ? accounts.get(home.projectId) : undefined;
    const limit = limitFor(name, account);
    // Until a limit is known, the parent's limits the home.
    if (limit === undefined) return [];
    const projectId = isOwn ? home.projectId : nextId();
    if (projectId === undefined) return [];
    const actions: Action[] = [];
    if (!isOwn || !home.inherits || !home.treeHasId)
      actions.push({ kind: "assign", home: name, projectId });
    if (!isLimited(account, limit))
      actions.push({ kind: "limit", home: name, projectId, ...limit });
    if (actions.length > 0 || !home.isPending) return actions;
    const isUnique = state.isComplete || state.assignedIds.has(projectId);
    return isUnique ? [{ kind: "remove-marker", home: name }] : [];
  });
  return [...parent, ...homes];
};

/** Project ids that have a limit, but no home and no files any more. */
export const unusedIds = ({ accounts, parent, assignedIds }: StorageState): number[] =>
  [...accounts].flatMap(([id, account]) => {
    const hasLimit = account.hardKiB + account.hardFiles > 0;
    const isOurs = id === parent.projectId || assignedIds.has(id);
    return hasLimit && !isUsed(account) && !isOurs ? [id] : [];
  });

/** Whether an account has exactly this limit. */
export const isLimited = (account: Account | undefined, { hardKiB, hardFiles }: Limit): boolean =>
  account?.hardKiB === hardKiB && account.hardFiles === hardFiles;

/** The number of homes without an id of their own. */
export const countWithoutId = (state: Pick<StorageState, "homes" | "parent">): number =>
  state.homes.length - ownersOf(state).size;

const parentActions = (
  { parent, accounts }: StorageState,
  nextId: () => number | undefined,
): Action[] => {
  const home = parentName;
  const projectId = parent.projectId === 0 ? nextId() : parent.projectId;
  if (projectId === undefined) return [];
  const actions: Action[] = [];
  if (parent.projectId === 0 || !parent.inherits) actions.push({ kind: "assign", home, projectId });
  if (!isLimited(accounts.get(projectId), parentLimit))
    actions.push({ kind: "limit", home, projectId, ...parentLimit });
  return actions;
};

/** The home that each id belongs to: of homes that share one, the oldest keeps it. */
const ownersOf = ({
  homes,
  parent,
}: Pick<StorageState, "homes" | "parent">): Map<number, string> => {
  const owners = new Map<number, string>();
  const byAge = homes.toSorted((a, b) => a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1));
  for (const { name, projectId } of byAge)
    if (projectId !== 0 && projectId !== parent.projectId && !owners.has(projectId))
      owners.set(projectId, name);
  return owners;
};
