import { type Account, greatestProjectId, isUsed } from "../contracts/xfs.js";

/**
 * Ids to give next, before it was asked whether anything is on their accounts: above the highest, and from 1 once the numbers
 * end. Whatever carries an id is on that id's account, so what the watcher never saw counts, and what lies in the trash.
 */
export const candidateIds = (
  need: number,
  known: { highestId: number; accounts: ReadonlyMap<number, Account> },
): number[] => {
  const { highestId: highest, accounts } = known;
  const ids: number[] = [];
  for (let id = highest + 1; ids.length < need && id <= greatestProjectId; id++) ids.push(id);
  for (let id = 1; ids.length < need && id <= highest; id++)
    if (!isUsed(accounts.get(id))) ids.push(id);
  return ids;
};

/** Ids as ranges, both ends included: one question of xfs_quota's asks for a range. */
export const ranges = (ids: Iterable<number>): [first: number, last: number][] => {
  const found: [number, number][] = [];
  for (const id of [...new Set(ids)].toSorted((a, b) => a - b)) {
    const range = found.at(-1);
    if (range !== undefined && range[1] === id - 1) range[1] = id;
    else found.push([id, id]);
  }
  return found;
};
