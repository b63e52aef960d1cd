import test from "ava";
import { greatestProjectId } from "../../contracts/xfs.js";
import { candidateIds, ranges } from "../../quota/project-ids.js";
import { account } from "./support/simulation.js";

test("the next ids are above the highest one", (t) => {
  t.deepEqual(candidateIds(3, { highestId: 7, accounts: new Map() }), [8, 9, 10]);
  t.deepEqual(candidateIds(0, { highestId: 7, accounts: new Map() }), []);
});

test("once the numbers end, the lowest unused ids are next", (t) => {
  const accounts = new Map([
    [1, account({ usedFiles: 1 })],
    [2, account()],
    [3, account({ usedKiB: 4 })],
  ]);
  t.deepEqual(candidateIds(4, { highestId: greatestProjectId - 1, accounts }), [
    greatestProjectId,
    2,
    4,
    5,
  ]);
});

test("consecutive ids are one range", (t) => {
  t.deepEqual(ranges([5, 1, 2, 9, 3, 2]), [
    [1, 3],
    [5, 5],
    [9, 9],
  ]);
  t.deepEqual(ranges([]), []);
});
