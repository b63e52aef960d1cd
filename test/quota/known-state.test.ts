import test from "ava";
import type { Account, Attributes } from "../../contracts/xfs.js";
import type { FullScan } from "../../quota/full-scan.js";
import { createKnownState } from "../../quota/known-state.js";
import { account, limit } from "./support/simulation.js";

const home = (projectId: number): Attributes => ({ projectId, inherits: true });
const scanOf = (homes: [string, Attributes][], accounts: [number, Account][] = []): FullScan => ({
  attributes: new Map(homes),
  accounts: new Map(accounts),
});
const nextTurn = () => new Promise(setImmediate);

/** A known state whose full scans end when the test says so. */
const prepare = (highest?: number) => {
  const ends: ((outcome: FullScan | Error) => void)[] = [];
  let now = 0;
  let endings = 0;
  const knownState = createKnownState(
    () =>
      new Promise((resolve, reject) => {
        ends.push((end) => (end instanceof Error ? reject(end) : resolve(end)));
      }),
    () => void endings++,
    () => now,
    highest,
  );
  return {
    knownState,
    ends,
    endings: () => endings,
    advance: (milliseconds: number) => {
      now += milliseconds;
    },
  };
};

test("a full scan starts at once, reports its end, and is taken in at the next update", async (t) => {
  const { knownState, ends, endings } = prepare();
  knownState.update();
  knownState.update();
  t.is(ends.length, 1);
  ends[0]?.(scanOf([["ada", home(1)]], [[7, account()]]));
  await nextTurn();
  t.deepEqual([endings(), knownState.isComplete], [1, false]);
  knownState.update();
  t.true(knownState.isComplete);
  t.deepEqual([...knownState.attributes.keys()], ["ada"]);
  t.is(knownState.highestId, 7);
});

test("the highest id is that of an earlier watcher until a higher one is seen", (t) => {
  const { knownState } = prepare(12);
  knownState.learnAccounts([5], new Map([[5, account()]]));
  t.is(knownState.highestId, 12);
  knownState.learnAccounts([40], new Map([[40, account()]]));
  t.is(knownState.highestId, 40);
});

test("what was learned during a full scan is newer than the scan", async (t) => {
  const { knownState, ends } = prepare();
  knownState.learnHomes(["old"], new Map([["old", home(9)]]));
  knownState.update();
  knownState.learnHomes(["ada", "gone"], new Map([["ada", home(2)]]));
  knownState.learnAccounts([2, 3], new Map([[2, account(limit)]]));
  ends[0]?.(
    scanOf(
      ["ada", "gone", "bob"].map((name) => [name, home(1)]),
      [1, 2, 3].map((id) => [id, account()]),
    ),
  );
  await nextTurn();
  knownState.update();
  t.deepEqual(Object.fromEntries(knownState.attributes), { ada: home(2), bob: home(1) });
  t.deepEqual(
    [...knownState.accounts],
    [
      [1, account()],
      [2, account(limit)],
    ],
  );
});

test("the next full scan waits ten times as long as the last one took", async (t) => {
  const { knownState, ends, advance } = prepare();
  knownState.update();
  advance(17_000);
  ends[0]?.(scanOf([]));
  await nextTurn();
  knownState.update();
  advance(169_000);
  knownState.update();
  t.is(ends.length, 1);
  advance(1000);
  knownState.update();
  t.is(ends.length, 2);
});

for (const [took, pause] of [
  [10, 29_000],
  [68_000, 300_000],
] as const)
  test(`after a full scan of ${took} ms the next one waits ${pause} ms`, async (t) => {
    const { knownState, ends, advance } = prepare();
    knownState.update();
    advance(took);
    ends[0]?.(scanOf([]));
    await nextTurn();
    knownState.update();
    advance(pause - 1);
    knownState.update();
    t.is(ends.length, 1);
    advance(1);
    knownState.update();
    t.is(ends.length, 2);
  });

test("a full scan that failed throws once, and the next one starts at the update after", async (t) => {
  const { knownState, ends } = prepare();
  knownState.update();
  ends[0]?.(new Error("lsattr is not installed here"));
  await nextTurn();
  t.throws(() => knownState.update(), { message: "lsattr is not installed here" });
  knownState.update();
  t.is(ends.length, 2);
  t.false(knownState.isComplete);
});

test("homes that do not exist any more are forgotten", (t) => {
  const { knownState } = prepare();
  knownState.learnHomes(["ada", "bob"], new Map(["ada", "bob"].map((name) => [name, home(1)])));
  knownState.keepOnly(new Set(["bob"]));
  t.deepEqual([...knownState.attributes.keys()], ["bob"]);
});

test("a home that may be another one is forgotten, also by a full scan that is running", async (t) => {
  const { knownState, ends } = prepare();
  knownState.update();
  knownState.forget("ada");
  ends[0]?.(
    scanOf([
      ["ada", home(1)],
      ["bob", home(2)],
    ]),
  );
  await nextTurn();
  knownState.update();
  t.deepEqual([...knownState.attributes.keys()], ["bob"]);
});
