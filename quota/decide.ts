import { type Account, type Attributes, type Limit, isUsed, parentName } from "../contracts/xfs.js";

/** A home as it was found. */
export type Home = {
  name: string;
  projectId: number;
  /** What is made inside takes the project id over. */
  inherits: boolean;
  /** Nothing inside can be without the project id: the home is empty, bears no mark, or its tree was gone through. */
  settled: boolean;
  /** The mark *quota not set* is there. */
  marked: boolean;
  /** When the folder was made, in ms since 1970; only asked where two share one id, 0 elsewhere. */
  born: number;
};

/** All that a decision needs to know. */
export type World = {
  homes: readonly Home[];
  /** The folder that holds the homes; a home that only inherited its id has none of its own. */
  parent: Attributes;
  accounts: ReadonlyMap<number, Account>;
  /** Every home is among `homes`, so that an id which two share would be seen. */
  isWhole: boolean;
  /** Ids that this watcher gave when nothing was on their accounts, so that no home that is not known can have one of them. */
  given: ReadonlySet<number>;
  /** Ids that nothing is on the account of: as many as homes are mended in one pass. */
  free: readonly number[];
};

/** One change to the storage; the home "." is the folder that holds them. */
export type Action =
  | { kind: "assign"; home: string; projectId: number }
  | ({ kind: "limit"; home: string; projectId: number } & Limit)
  | { kind: "unmark"; home: string };

/** A home's limit, given the one it has; undefined where none is known. */
export type Want = (home: string, has: Limit | undefined) => Limit | undefined;

/**
 * What all homes that are still to get an id of their own may hold together: little, but folders enough for a burst of
 * 20,000. So a folder is limited from its birth, whoever made it and whether or not the watcher runs.
 */
export const parentLimit: Limit = { hardKiB: 64 * 1024, hardFiles: 100_000 };

/** What must be done until every home has an id of its own with the limit that `want` names. Right homes lose their marks. */
export const decide = (world: World, want: Want): Action[] => {
  const owners = ownersOf(world);
  const { accounts } = world;
  const ids = world.free.values();
  const nextId = () => ids.next().value;
  const parent = parentActions(world, nextId);
  const homes = world.homes.flatMap((home): Action[] => {
    const { name } = home;
    const isOwn = owners.get(home.projectId) === name;
    const account = isOwn ? accounts.get(home.projectId) : undefined;
    const limit = want(name, account);
    // Until a limit is known the folder that holds the homes limits it.
    if (limit === undefined) return [];
    const projectId = isOwn ? home.projectId : nextId();
    if (projectId === undefined) return [];
    const actions: Action[] = [];
    if (!isOwn || !home.inherits || !home.settled)
      actions.push({ kind: "assign", home: name, projectId });
    if (!isLimited(account, limit))
      actions.push({ kind: "limit", home: name, projectId, ...limit });
    if (actions.length > 0 || !home.marked) return actions;
    return world.isWhole || world.given.has(projectId) ? [{ kind: "unmark", home: name }] : [];
  });
  return [...parent, ...homes];
};

/** Project ids with limits that nothing carries any more. */
export const idle = ({ accounts, parent, given }: World): number[] =>
  [...accounts].flatMap(([id, account]) => {
    const isLimit = account.hardKiB + account.hardFiles > 0;
    const isOurs = id === parent.projectId || given.has(id);
    return isLimit && !isUsed(account) && !isOurs ? [id] : [];
  });

/** Whether an account has exactly this limit. */
export const isLimited = (account: Account | undefined, { hardKiB, hardFiles }: Limit): boolean =>
  account?.hardKiB === hardKiB && account.hardFiles === hardFiles;

/** How many homes have no id of their own. */
export const lacking = (world: Pick<World, "homes" | "parent">): number =>
  world.homes.length - ownersOf(world).size;

const parentActions = ({ parent, accounts }: World, nextId: () => number | undefined): Action[] => {
  const home = parentName;
  const projectId = parent.projectId === 0 ? nextId() : parent.projectId;
  if (projectId === undefined) return [];
  const actions: Action[] = [];
  if (parent.projectId === 0 || !parent.inherits) actions.push({ kind: "assign", home, projectId });
  if (!isLimited(accounts.get(projectId), parentLimit))
    actions.push({ kind: "limit", home, projectId, ...parentLimit });
  return actions;
};

/** Whose an id is: of homes that share one, the eldest keeps it. */
const ownersOf = ({ homes, parent }: Pick<World, "homes" | "parent">): Map<number, string> => {
  const owners = new Map<number, string>();
  const byAge = homes.toSorted((a, b) => a.born - b.born || (a.name < b.name ? -1 : 1));
  for (const { name, projectId } of byAge)
    if (projectId !== 0 && projectId !== parent.projectId && !owners.has(projectId))
      owners.set(projectId, name);
  return owners;
};
