import test from "ava";
import type { Account, Attributes } from "../../contracts/xfs.js";
import { type FullScan, createKnownState, pauseAfterScan } from "../../quota/known-state.js";
import { account, limit } from "./support/simulation.js";

const home = (projectId: number): Attributes => ({ projectId, inherits: true });
const found = (homes: [string, Attributes][], accounts: [number, Account][] = []): FullScan => ({
  attributes: new Map(homes),
  accounts: new Map(accounts),
});
const turnOfEvents = () => new Promise(setImmediate);

/** A memory whose surveys end when the test says so. */
const prepare = (highest?: number) => {
  const ends: ((found: FullScan | Error) => void)[] = [];
  let now = 0;
  let rings = 0;
  const knownState = createKnownState(
    () =>
      new Promise((resolve, reject) => {
        ends.push((end) => (end instanceof Error ? reject(end) : resolve(end)));
      }),
    () => void rings++,
    () => now,
    highest,
  );
  return {
    memory: knownState,
    ends,
    rings: () => rings,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
  };
};

test("a survey begins at once, rings when it ended, and is taken in at the next turn", async (t) => {
  const { memory: knownState, ends, rings } = prepare();
  knownState.turn();
  knownState.turn();
  t.is(ends.length, 1);
  ends[0]?.(found([["ada", home(1)]], [[7, account()]]));
  await turnOfEvents();
  t.deepEqual([rings(), knownState.isWhole], [1, false]);
  knownState.turn();
  t.true(knownState.isWhole);
  t.deepEqual([...knownState.attributes.keys()], ["ada"]);
  t.is(knownState.highestId, 7);
});

test("the highest id is that of an earlier watcher until a higher one is seen", (t) => {
  const { memory: knownState } = prepare(12);
  knownState.learnAccounts([5], new Map([[5, account()]]));
  t.is(knownState.highestId, 12);
  knownState.learnAccounts([40], new Map([[40, account()]]));
  t.is(knownState.highestId, 40);
});

test("what was learned while a survey went on is newer than the survey", async (t) => {
  const { memory: knownState, ends } = prepare();
  knownState.learnHomes(["old"], new Map([["old", home(9)]]));
  knownState.turn();
  knownState.learnHomes(["ada", "gone"], new Map([["ada", home(2)]]));
  knownState.learnAccounts([2, 3], new Map([[2, account(limit)]]));
  ends[0]?.(
    found(
      ["ada", "gone", "bob"].map((name) => [name, home(1)]),
      [1, 2, 3].map((id) => [id, account()]),
    ),
  );
  await turnOfEvents();
  knownState.turn();
  t.deepEqual(Object.fromEntries(knownState.attributes), { ada: home(2), bob: home(1) });
  t.deepEqual(
    [...knownState.accounts],
    [
      [1, account()],
      [2, account(limit)],
    ],
  );
});

test("the next survey waits ten times as long as the last one took", async (t) => {
  const { memory: knownState, ends, pass } = prepare();
  knownState.turn();
  pass(17_000);
  ends[0]?.(found([]));
  await turnOfEvents();
  knownState.turn();
  pass(169_000);
  knownState.turn();
  t.is(ends.length, 1);
  pass(1000);
  knownState.turn();
  t.is(ends.length, 2);
  t.is(pauseAfterScan(10), 29_000);
  t.is(pauseAfterScan(68_000), 300_000);
});

test("a survey that failed says so once, and the next one begins at the turn after", async (t) => {
  const { memory: knownState, ends } = prepare();
  knownState.turn();
  ends[0]?.(new Error("lsattr is not installed here"));
  await turnOfEvents();
  t.throws(() => knownState.turn(), { message: "lsattr is not installed here" });
  knownState.turn();
  t.is(ends.length, 2);
  t.false(knownState.isWhole);
});

test("homes that are gone are forgotten", (t) => {
  const { memory: knownState } = prepare();
  knownState.learnHomes(["ada", "bob"], new Map(["ada", "bob"].map((name) => [name, home(1)])));
  knownState.keepOnly(new Set(["bob"]));
  t.deepEqual([...knownState.attributes.keys()], ["bob"]);
});

test("a home that may be another one is forgotten, also by a survey that goes on", async (t) => {
  const { memory: knownState, ends } = prepare();
  knownState.turn();
  knownState.forget("ada");
  ends[0]?.(
    found([
      ["ada", home(1)],
      ["bob", home(2)],
    ]),
  );
  await turnOfEvents();
  knownState.turn();
  t.deepEqual([...knownState.attributes.keys()], ["bob"]);
});
