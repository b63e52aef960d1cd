import { type Account, greatestProjectId, isUsed } from "../contracts/xfs.js";

/**
 * The ids to assign next, before their accounts were read: those above the highest, and from 1 on once the numbers end. Every
 * file with an id is on that id's account, so files that the watcher never saw count, and so do those in the trash.
 */
export const candidateIds = (
  needed: number,
  { highestId, accounts }: { highestId: number; accounts: ReadonlyMap<number, Account> },
): number[] => {
  const ids: number[] = [];
  for (let id = highestId + 1; ids.length < needed && id <= greatestProjectId; id++) ids.push(id);
  for (let id = 1; ids.length < needed && id <= highestId; id++)
    if (!isUsed(accounts.get(id))) ids.push(id);
  return ids;
};

/** Ids as ranges, both ends included: one report of xfs_quota covers a range. */
export const ranges = (ids: Iterable<number>): [first: number, last: number][] => {
  const found: [number, number][] = [];
  for (const id of [...new Set(ids)].toSorted((a, b) => a - b)) {
    const range = found.at(-1);
    if (range !== undefined && range[1] === id - 1) range[1] = id;
    else found.push([id, id]);
  }
  return found;
};
