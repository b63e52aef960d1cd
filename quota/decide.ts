import { greatestProjectId, type Account } from "./xfs.js";

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
  /** The project id of the folder that holds the homes; a home that only inherited it has none of its own. */
  parentId: number;
  accounts: ReadonlyMap<number, Account>;
};

/** One change to the storage. */
export type Action =
  | { kind: "assign"; home: string; projectId: number }
  | { kind: "limit"; home: string; projectId: number; hardKiB: number }
  | { kind: "unmark"; home: string };

/** What must be done until every home has an id of its own with the limit `want` names (KiB). Right homes lose their marks. */
export const decide = (world: World, want: (home: string) => number): Action[] => {
  const owners = ownersOf(world);
  const nextId = freeIds(world);
  return world.homes.flatMap((home): Action[] => {
    const { name } = home;
    const isOwn = owners.get(home.projectId) === name;
    const projectId = isOwn ? home.projectId : nextId();
    const hardKiB = want(name);
    const actions: Action[] = [];
    if (!isOwn || !home.inherits || !home.settled)
      actions.push({ kind: "assign", home: name, projectId });
    if (!isOwn || world.accounts.get(projectId)?.hardKiB !== hardKiB)
      actions.push({ kind: "limit", home: name, projectId, hardKiB });
    return actions.length === 0 && home.marked ? [{ kind: "unmark", home: name }] : actions;
  });
};

/** Whose an id is: of homes that share one, the eldest keeps it. */
const ownersOf = ({ homes, parentId }: World): Map<number, string> => {
  const owners = new Map<number, string>();
  const byAge = homes.toSorted((a, b) => a.born - b.born || (a.name < b.name ? -1 : 1));
  for (const { name, projectId } of byAge)
    if (projectId !== 0 && projectId !== parentId && !owners.has(projectId))
      owners.set(projectId, name);
  return owners;
};

/** Ids that nothing carries and that no blocks are accounted to: above the highest, and from 1 once the numbers end. */
const freeIds = ({ homes, parentId, accounts }: World): (() => number) => {
  const carried = new Set([0, parentId, ...homes.map((home) => home.projectId)]);
  let highest = [...carried, ...accounts.keys()].reduce((a, b) => Math.max(a, b), 0);
  let gap = 0;
  return () => {
    if (highest < greatestProjectId) return ++highest;
    do gap++;
    while (carried.has(gap) || (accounts.get(gap)?.usedKiB ?? 0) > 0);
    return gap;
  };
};
